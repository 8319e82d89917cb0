import { CONNECTORS } from '../../shared/connectors/catalogue.ts'
import type { Setup } from '../../shared/connectors/connector.ts'
import type { JsonValue } from '../../shared/domain/json.ts'
import { AUTH0_SETUPS } from '../shared/connectors/auth0-schema.ts'

/** One of the 29 setups that Auth0's API has, with a value that makes no one call out to the internet. */
export interface ExampleSetup {
  readonly appId: string
  readonly type: string
  readonly setup: Setup
  readonly values: Readonly<Record<string, JsonValue>>
}

/** By app and type. RFC 2606: names under `.invalid` resolve nowhere, so minting from them ends before anything is sent. */
export const NOWHERE: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'AUTH0 OAUTH_APP': { domain: 'acme.auth0.invalid', audience: 'https://acme.auth0.invalid/api/v2/' },
  'HTTP OAUTH_CLIENT_CREDENTIALS': { token_endpoint: 'https://idp.invalid/oauth/token' },
}

/** The setups of Auth0's schema in its order. */
export const EXAMPLE_SETUPS: readonly ExampleSetup[] = AUTH0_SETUPS.map((line) => {
  const [appId, type] = line.split(/[ !?]+/) as [string, string]
  const setup = CONNECTORS.find((connector) => connector.appId === appId)?.setups.find(
    (candidate) => candidate.type === type,
  )
  if (setup === undefined) throw new Error(`the catalogue lacks ${appId} ${type}`)
  return { appId, type, setup, values: { ...setup.example, ...NOWHERE[`${appId} ${type}`] } }
})

/** The 21 apps of Auth0's API. */
export const AUTH0_APP_IDS: readonly string[] = [...new Set(EXAMPLE_SETUPS.map(({ appId }) => appId))]
