import { SecretText } from '../../shared/domain/secret-text.ts'
import type { ExchangeResult } from '../../shared/ports/grant-runner.ts'
import { createOauthApplication } from '../../shared/use-cases/oauth-applications/manage-oauth-applications.ts'
import { TENANT } from './scenario.ts'
import type { Process } from './world.ts'

/** The OAuth application that HubSpot's code setup is authorized through. */
export async function createHubspotApplication(process: Process): Promise<undefined> {
  await createOauthApplication(process, {
    tenant: TENANT,
    appId: 'HUBSPOT',
    name: 'ours',
    clientId: 'client',
    clientSecret: new SecretText('client-secret'),
  })
}

/** What a callback of the browser does: exchanges a code for the connection's grant. */
export function authorize(process: Process, id: string): Promise<ExchangeResult> {
  return process.grants.exchange({
    tenant: TENANT,
    id,
    code: new SecretText('one-time'),
    state: new SecretText('state'),
    redirectUri: 'https://vault.example/oauth/callback',
    scopes: ['oauth'],
    setupType: 'OAUTH_CODE',
  })
}
