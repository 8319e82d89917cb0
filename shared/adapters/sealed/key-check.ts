import { SecretText } from '../../domain/secret-text.ts'
import { KEY_CHECK_KEY } from '../../domain/store-keys.ts'
import type { Digester } from '../../ports/digester.ts'
import { type Attributes, ConditionFailedError, type ItemStore } from '../../ports/item-store.ts'
import { type KeyContext, KeyUnavailableError, type KeyWrapper } from '../../ports/key-wrapper.ts'
import type { Random } from '../../ports/random.ts'
import { SealBrokenError } from '../../ports/secret-store.ts'
import { UnreadableItemError } from '../../rows/row-codec.ts'
import { hasStoreFormat, KEY_CHECK_ROWS, STORE_FORMAT } from '../../rows/vault-rows.ts'
import { envelopeOf, openText, sealText } from './envelope.ts'

/** What the data key of the check is bound to; no tenant's name can hold a `#`. */
export const KEY_CHECK_CONTEXT: KeyContext = { tenant: '#vault', secretId: '#key-check', versionId: '1' }

const PLACE = { context: KEY_CHECK_CONTEXT, boundTo: ['#key-check'] }
const KNOWN_TEXT = new SecretText('flow-vault')

/**
 * Proves that these keys belong to this database, before anything is read or written with them. The first start
 * stores a sealed known text and its digest; every later one opens the text and compares the digest.
 * Throws `KeyUnavailableError`, having written nothing, when either does not match, and `UnreadableItemError` when what
 * is there was written in another format.
 */
export async function verifyKeyMatches(ports: {
  items: ItemStore
  keys: KeyWrapper
  digester: Digester
  random: Random
}): Promise<void> {
  const { items, digester } = ports
  const digest = await digester.digest('key-check', KNOWN_TEXT)
  const stored = (await items.get(KEY_CHECK_KEY)) ?? (await writeKeyCheck(ports, digest))
  await assertOpens(stored, ports.keys)
  if (!hasStoreFormat(stored)) {
    throw new UnreadableItemError(
      'the data folder holds data in a format that this release does not read: start the release that wrote it, or name another folder',
    )
  }
  if (KEY_CHECK_ROWS.decode(stored).digest !== digest) {
    throw new KeyUnavailableError(
      'the digest key does not belong to this database: another key file was used when the database was made',
    )
  }
}

/** The check as it is stored afterwards: this one, or that of a process which started at the same time. */
async function writeKeyCheck(
  { items, keys, random }: { items: ItemStore; keys: KeyWrapper; random: Random },
  digest: string,
): Promise<Attributes> {
  const sealed = await sealText(KNOWN_TEXT, PLACE, { keys, random })
  const attributes = KEY_CHECK_ROWS.encode({ ...sealed, digest, format: STORE_FORMAT })
  try {
    await items.transact([{ op: 'put', key: KEY_CHECK_KEY, attributes, when: [{ kind: 'item-absent' }] }])
    return attributes
  } catch (error) {
    if (!(error instanceof ConditionFailedError)) throw error
    return (await items.get(KEY_CHECK_KEY)) ?? attributes
  }
}

async function assertOpens(stored: Attributes, keys: KeyWrapper): Promise<void> {
  try {
    await openText(envelopeOf(stored), PLACE, keys)
  } catch (error) {
    if (!(error instanceof KeyUnavailableError) && !(error instanceof SealBrokenError)) throw error
    throw new KeyUnavailableError(
      `the keys do not belong to this database: they do not open its key check (${error.message})`,
    )
  }
}
