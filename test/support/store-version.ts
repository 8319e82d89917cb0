import type { SecretText } from '../../shared/domain/secret-text.ts'
import { ConditionFailedError, type ItemStore } from '../../shared/ports/item-store.ts'
import type { SecretStore } from '../../shared/ports/secret-store.ts'

interface Version {
  readonly secretId: string
  readonly versionId: string
  readonly value: SecretText
  /** When left out, both are tried. */
  readonly isNew?: boolean | undefined
}

/** A secret store and, where versions are stored with the row, the row store to do it in. */
export interface Stores {
  readonly secrets: SecretStore
  readonly items?: Pick<ItemStore, 'transact'>
}

/** Stages a version and stores it by itself, as no use case does. */
export async function storeVersion(stores: Stores, version: Version): Promise<{ versionId: string }> {
  if (version.isNew !== undefined) return stageAndStore(stores, version, version.isNew)
  try {
    return await stageAndStore(stores, version, false)
  } catch (error) {
    if (!(error instanceof ConditionFailedError) || error.current !== undefined) throw error
    return stageAndStore(stores, version, true)
  }
}

async function stageAndStore(
  { secrets, items }: Stores,
  { secretId, versionId, value }: Version,
  isNew: boolean,
): Promise<{ versionId: string }> {
  const staged = await secrets.stage(secretId, versionId, value, { isNew })
  if (staged.writes.length > 0) await items!.transact(staged.writes)
  return { versionId: staged.versionId }
}
