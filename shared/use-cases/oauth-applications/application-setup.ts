import { findConnector, findSetupOf } from '../../connectors/catalogue.ts'
import { pickSetup, validateAs } from '../../connectors/setup-schema.ts'
import { applicationSetup, fixedFields, isShareable } from '../../connectors/shared-setup.ts'
import { canonicalJson } from '../../domain/canonical-json.ts'
import { errorsOf, type ProblemPart, VaultError } from '../../domain/errors.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import type { OauthApplication } from '../../rows/application-row.ts'
import type { AddressPorts } from './shared-setup-of.ts'

const CLIENT_SECRET = 'client_secret'

/** What a setup makes of an application: what the row says, and what is kept with the client secret. */
export interface ApplicationSetup {
  readonly members: Pick<OauthApplication, 'setupType' | 'setup'>
  readonly secrets: JsonObject
}

/** Whether applications of the app hold a setup, because the app is any provider. */
export function holdsSetup(appId: string): boolean {
  return findConnector(appId)?.setups.some(isShareable) === true
}

/** The setup that an application holds; throws `invalid-body`. */
export function acceptApplicationSetup(
  { checkUrl }: AddressPorts,
  appId: string,
  input: unknown,
): ApplicationSetup {
  const connector = findConnector(appId)
  if (connector === undefined || !holdsSetup(appId)) {
    throw new VaultError('invalid-body', 'What the provider needs is known of this app', {
      field: 'setup',
      allowed: 'leaving setup out; applications of OAUTH2 have one',
    })
  }
  if (input === undefined) {
    throw missing('setup', 'a provider by its name, or authorization_url and token_url')
  }
  const setup = pickSetup(connector, input)
  const { values } = validateAs(applicationSetup(setup), input, checkUrl)
  const isSecret = new Set(setup.fields.filter(({ secret }) => secret).map(({ name }) => name))
  const entries = Object.entries(values)
  return {
    members: {
      setupType: setup.type,
      setup: Object.fromEntries(entries.filter(([name]) => !isSecret.has(name))),
    },
    secrets: Object.fromEntries(entries.filter(([name]) => isSecret.has(name))),
  }
}

/** What is wrong with such a setup, beside a body that is refused already. */
export function errorsOfApplicationSetup(
  ports: AddressPorts,
  app: unknown,
  input: unknown,
): readonly ProblemPart[] {
  if (typeof app !== 'string' || input === undefined) return []
  try {
    acceptApplicationSetup(ports, app, input)
    return []
  } catch (error) {
    if (error instanceof VaultError && error.code === 'invalid-body') return errorsOf(error)
    throw error
  }
}

/**
 * All that is kept secret of an application, where any of it is new, with its names for the row. It is stored together
 * and cannot be read back: who replaces a part sends all of it, or `invalid-body` is thrown.
 */
export function secretsOf(
  previous: OauthApplication | undefined,
  clientSecret: SecretText | undefined,
  accepted: ApplicationSetup | undefined,
): { secrets: JsonObject | undefined; secretFields: Pick<OauthApplication, 'secretFields'> } {
  const held = previous?.secretFields ?? []
  const ofSetup = held.filter((name) => name !== CLIENT_SECRET)
  const fields = accepted?.secrets ?? {}
  const isTouched = Object.keys(fields).length > 0 || (accepted !== undefined && ofSetup.length > 0)
  if (clientSecret === undefined && !isTouched) return { secrets: undefined, secretFields: {} }
  if (accepted === undefined && ofSetup.length > 0) {
    throw missing('setup', `the whole setup: its ${ofSetup.join(', ')} is stored with the client secret`)
  }
  if (clientSecret === undefined && held.includes(CLIENT_SECRET)) {
    throw missing(CLIENT_SECRET, 'the client secret again: it is stored with the secret fields of the setup')
  }
  const own = clientSecret === undefined ? {} : { [CLIENT_SECRET]: clientSecret.reveal() }
  const secrets: JsonObject = { ...fields, ...own }
  return { secrets, secretFields: { secretFields: Object.keys(secrets) } }
}

function missing(field: string, allowed: string): VaultError {
  return new VaultError('invalid-body', `Missing required property: ${field}`, { field, allowed })
}

/** Whether a change makes another client, or another provider, of an application. */
export function isAnotherClient(previous: OauthApplication, next: OauthApplication): boolean {
  if (previous.clientId !== undefined && previous.clientId !== next.clientId) return true
  if (previous.setupType === undefined) return false
  if (previous.setupType !== next.setupType) return true
  const setup = findSetupOf(previous.appId, previous.setupType)
  const names = setup === undefined ? [] : fixedFields(setup)
  const fixed = ({ setup: values }: OauthApplication) =>
    canonicalJson(Object.fromEntries(names.map((name) => [name, values?.[name]])))
  return fixed(previous) !== fixed(next)
}
