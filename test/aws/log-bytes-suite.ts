import { REQUEST_LOG_BYTES } from '../../tools/capacity/operation-cost.ts'
import { call, newTenant } from '../support/api-target.ts'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'
import type { DeployedVault } from './deploy.ts'

const REQUESTS = 10
const SETUP = { type: 'BEARER', token: 'my-token-bearer-1234' }

/** What the price of an operation is reckoned with, against the lines that the functions write. */
export function logBytesSuite(place: () => DeployedVault): void {
  it('logs about as much for a fetch as its price says', async () => {
    const vault = place()
    const tenant = newTenant()
    const token = await vault.token(tenant)
    const send = (method: string, path: string, body?: unknown) => call(vault, token, { method, path, body })
    const created = await send('POST', '/connections', { name: 'logged', app_id: 'HTTP', setup: SETUP })
    const path = `/connections/${(created.body as { id: string }).id}/credentials`
    await send('GET', path)
    const before = (await linesOf(vault.stage, 'credentials')).length
    for (let asked = 0; asked < REQUESTS; asked++) expect((await send('GET', path)).status).toBe(200)
    const lines = (await linesOf(vault.stage, 'credentials')).slice(before)
    const bytes = lines.reduce((sum, line) => sum + Buffer.byteLength(line), 0) / REQUESTS
    process.stderr.write(`a warm fetch logs ${bytes} bytes in ${lines.length / REQUESTS} lines\n`)
    expect(bytes).toBeLessThanOrEqual(REQUEST_LOG_BYTES)
    expect(bytes).toBeGreaterThan(REQUEST_LOG_BYTES / 2)
  })
}

/** The lines that a function has written itself: JSON, as Lambda's own of an emulator are not. */
async function linesOf(stage: string, name: string): Promise<string[]> {
  const lines: string[] = []
  let nextToken: string | undefined
  do {
    const response = await fetch(emulatorClientConfig('ministack').endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'Logs_20140328.FilterLogEvents',
      },
      body: JSON.stringify({ logGroupName: `/flow-vault/${stage}/${name}`, nextToken }),
    })
    const page = (await response.json()) as { events?: { message: string }[]; nextToken?: string }
    lines.push(...(page.events ?? []).flatMap(({ message }) => message.trimEnd().split('\n')))
    nextToken = page.nextToken
  } while (nextToken !== undefined)
  return lines.filter((line) => line.startsWith('{') && !line.includes('"type":"platform.'))
}
