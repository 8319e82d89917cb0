import { fetchByHost } from '../support/fetch-by-host.ts'
import type { DeployedVault } from './deploy.ts'

/** CloudFront before the API of a deployed vault. */
export function edgeSuite(place: () => DeployedVault): void {
  it('has an edge that takes no request in clear', async () => {
    const { baseUrl, outputs } = place()
    const edge = fetchByHost(baseUrl, outputs['EdgeTarget']!)
    expect((await edge(`${baseUrl}/healthz`)).status).toBe(403)
    // MiniStack's APIs answer plain HTTP alone, which CloudFront is told not to speak. When this fails, ask by the edge.
    const headers = { 'x-forwarded-proto': 'https' }
    expect((await edge(`${baseUrl}/healthz`, { headers })).status).toBe(502)
  })
}
