import { oauthApplicationView } from '../../../functions/api/oauth-application-view.ts'
import type { OauthApplication } from '../../../shared/rows/application-row.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const SECRET = {
  secretId: 'flow-vault/acme/oa_0000000000000000000000',
  versionId: 'v1',
  generation: 1,
  staged: 1,
}
const APPLICATION: OauthApplication = {
  tenant: 'acme',
  id: 'oa_0000000000000000000000',
  appId: 'HUBSPOT',
  name: 'HubSpot',
  clientId: 'client-000',
  isDefault: true,
  createdAtMs: 0,
  updatedAtMs: 0,
  version: 2,
  generations: 1,
  op: 'op-2',
  secret: { ...SECRET, versionId: 'v2', staged: 2 },
  previous: { secret: SECRET, untilMs: Date.parse('2026-03-08T00:00:00.000Z') },
}

const viewAt = (now: string) =>
  oauthApplicationView(APPLICATION, {
    clock: new ManualClock(Date.parse(now)),
    publicUrl: 'https://vault.example',
  })

describe('oauthApplicationView', () => {
  it('says until when the client secret before the newest is tried', () => {
    expect(viewAt('2026-03-07T23:59:59.999Z').previous_secret_until).toBe('2026-03-08T00:00:00.000Z')
  })

  it('says nothing of one that is tried no more, also before the row forgets it', () => {
    expect(viewAt('2026-03-08T00:00:00.000Z').previous_secret_until).toBeNull()
    expect(viewAt('2026-03-15T00:00:00.000Z').previous_secret_until).toBeNull()
  })
})
