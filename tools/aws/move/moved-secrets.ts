import { findSetupOf } from '../../../shared/connectors/catalogue.ts'
import type { ConnectionRow, SecretPointer } from '../../../shared/domain/connection.ts'
import { MAIN_GRANT } from '../../../shared/domain/grant.ts'
import type { JsonObject } from '../../../shared/domain/json.ts'
import { importedGrantKey } from '../../../shared/domain/keys.ts'
import { sealedGrantKey } from '../../../shared/domain/sealed-keys.ts'
import { parseSecretId, secretIdOf } from '../../../shared/domain/secret-id.ts'
import { SecretText } from '../../../shared/domain/secret-text.ts'
import { type Attributes, ConditionFailedError, type Write } from '../../../shared/ports/item-store.ts'
import { SecretNotFoundError } from '../../../shared/ports/secret-store.ts'
import type { SetupDigests } from '../../../shared/ports/setup-facts.ts'
import { APPLICATION_ROWS, type OauthApplication } from '../../../shared/rows/application-row.ts'
import { IMPORTED_ROWS } from '../../../shared/rows/claim-rows.ts'
import { sealedPlaces } from '../../../shared/use-cases/commit/sealed-removal.ts'
import { codeDigestOf, setupDigestsOf } from '../../../shared/use-cases/commit/setup-digests.ts'
import { openTokens } from '../../../shared/use-cases/grants/sealed-tokens.ts'
import { OpenedSecrets, parseSetup } from '../../../shared/use-cases/memory/opened-secrets.ts'
import { clientSecretDigestOf } from '../../../shared/use-cases/oauth-applications/commit-application.ts'
import { ToolError } from '../../tool-command.ts'
import type { MovedVault } from './moved-vault.ts'

/** Both sides of a move. */
export interface Sides {
  readonly source: MovedVault
  readonly target: MovedVault
}

/** What a secret of the source is called at the target: the same, but for the deployment. */
export function movedSecretId(secretId: string, { target }: Pick<Sides, 'target'>): string {
  return secretIdOf({ ...parseSecretId(secretId), deployment: target.secrets.deployment })
}

/**
 * Opens one version of a secret at the source and stores it at the target, in memory only in between; answers the
 * pointer to it. `known` is what the target pointed at before: nothing is stored where that, or the version itself,
 * holds the same text.
 */
export async function moveSecret(
  sides: Sides,
  pointer: SecretPointer,
  known: SecretPointer | undefined,
): Promise<SecretPointer> {
  const { secrets } = sides.target
  const secretId = movedSecretId(pointer.secretId, sides)
  const text = await sides.source.secrets.get(pointer.secretId, pointer.versionId)
  const candidates = [known?.secretId === secretId ? [known.versionId] : [], pointer.versionId].flat()
  for (const versionId of new Set(candidates))
    if ((await findText(sides, { secretId, versionId }))?.isSame(text))
      return { ...pointer, secretId, versionId }
  const stage = async (isNew: boolean): Promise<SecretPointer> => {
    const { versionId, writes } = await secrets.stage(secretId, pointer.versionId, text, { isNew })
    if (writes.length > 0) await sides.target.items.transact(writes)
    return { ...pointer, secretId, versionId }
  }
  try {
    return await stage(true)
  } catch (error) {
    // Another version of the same secret was moved before.
    if (error instanceof ConditionFailedError) return stage(false)
    throw error
  }
}

/** Whether the target holds what the source does, by opening both. */
export async function isSameSecret(
  sides: Sides,
  { here, there }: { here: SecretPointer; there: SecretPointer },
): Promise<boolean> {
  const text = await sides.source.secrets.get(here.secretId, here.versionId)
  return (await findText(sides, there))?.isSame(text) ?? false
}

async function findText(
  { target }: Sides,
  { secretId, versionId }: Pick<SecretPointer, 'secretId' | 'versionId'>,
): Promise<SecretText | undefined> {
  try {
    return await target.secrets.get(secretId, versionId)
  } catch (error) {
    if (error instanceof SecretNotFoundError) return undefined
    throw error
  }
}

/** The writes that seal a connection's tokens under the target's keys; none for those that are there already. */
export async function moveTokens({ source, target }: Sides, row: ConnectionRow): Promise<readonly Write[]> {
  const writes = sealedPlaces(row, row.grant).map(async (place) => {
    if ((await target.items.get(sealedGrantKey(place))) !== undefined) return []
    const seal = await target.sealer.prepare(place)
    return [seal(await source.sealer.open(place))]
  })
  return (await Promise.all(writes)).flat()
}

/** Whether the target holds the very tokens of the source, by opening both. */
export async function hasSameTokens({ source, target }: Sides, row: ConnectionRow): Promise<boolean> {
  const same = sealedPlaces(row, row.grant).map(async (place) => {
    if ((await target.items.get(sealedGrantKey(place))) === undefined) return false
    return (await target.sealer.open(place)).isSame(await source.sealer.open(place))
  })
  return (await Promise.all(same)).every((one) => one)
}

/** The claim by which a second import of the same token names the connection, by the target's key. */
export async function importClaim({ source, target }: Sides, row: ConnectionRow): Promise<readonly Write[]> {
  if (row.grant === undefined) return []
  const opened = new OpenedSecrets(source.secrets, source.sealer)
  const tokens = (await openTokens({ opened, sealer: source.sealer }, row, row.grant))[MAIN_GRANT]
  const token = tokens?.refresh_token ?? tokens?.access_token
  if (token === undefined) return []
  const key = importedGrantKey(
    row.tenant,
    await target.digester.digest('refresh-token', new SecretText(token)),
  )
  return [{ op: 'put', key, attributes: IMPORTED_ROWS.encode({ connectionId: row.id }) }]
}

/**
 * The digests of a connection's setup by the target's key: no digest can be made of another. Throws `ToolError` where
 * the source's own digest is not that of what is stored, because then nobody knows what it stood for.
 */
export async function moveDigests(
  { source, target }: Sides,
  row: ConnectionRow,
): Promise<Pick<ConnectionRow, 'setupDigest' | 'clientDigest' | 'codeDigest'>> {
  const { appId, setupDigest, setupType } = row
  const setup = findSetupOf(appId, setupType)
  if (setupDigest === undefined || setup === undefined) return {}
  const stored = await storedValues(source, row)
  // A connection that was authorized as another type than its setup is bound by that type alone.
  for (const values of [stored, { type: setup.type }]) {
    const accepted = { setup, values }
    const before = await setupDigestsOf(source, appId, accepted)
    if (before.setupDigest !== setupDigest) continue
    const { clientDigest, ...digests }: SetupDigests = await setupDigestsOf(target, appId, accepted)
    const code = values['code']
    return {
      ...digests,
      ...(row.clientDigest === undefined || clientDigest === undefined ? {} : { clientDigest }),
      ...(row.codeDigest === undefined || typeof code !== 'string'
        ? {}
        : { codeDigest: await codeDigestOf(target, appId, code) }),
    }
  }
  throw new ToolError(
    `The connection ${row.id} of ${row.tenant} has a digest that its setup does not have: send its setup again at the source, and go on.`,
  )
}

/** The digest of what an OAuth application keeps secret, by the target's key. */
export async function moveSecretDigest(
  { source, target }: Sides,
  attributes: Attributes,
): Promise<Pick<OauthApplication, 'secretDigest'>> {
  const { secret, secretDigest } = APPLICATION_ROWS.decode(attributes)
  if (secret === undefined || secretDigest === undefined) return {}
  const setup = parseSetup(await source.secrets.get(secret.secretId, secret.versionId))
  return { secretDigest: await clientSecretDigestOf(target, setup) }
}

async function storedValues(source: MovedVault, { secret, setupType }: ConnectionRow): Promise<JsonObject> {
  if (secret === undefined) return { type: String(setupType) }
  return parseSetup(await source.secrets.get(secret.secretId, secret.versionId))
}
