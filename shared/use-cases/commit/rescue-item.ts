import { rescueKey, workShard } from '../../domain/keys.ts'
import type { Attributes, Write } from '../../ports/item-store.ts'

/** A minted grant whose commit lost its hold or its connection: stored, and waiting to be adopted or revoked. */
export interface Rescue {
  readonly kind: 'rescue'
  readonly tenant: string
  readonly connectionId: string
  readonly appId: string
  readonly setupType: string | undefined
  readonly setupDigest: string | undefined
  readonly authorization: number
  readonly oauthAppId: string | undefined
  readonly secretId: string
  readonly generation: number
  readonly versionId: string
  readonly grantNames: readonly string[]
  /** When the grants were issued that these replace, by name; none for a first one. */
  readonly replaces: Readonly<Record<string, number>>
}

/** The write that leaves a rescue item, to be looked at when `dueAtMs` comes. */
export function rescueWrite(rescue: Rescue, dueAtMs: number): Write {
  return {
    op: 'put',
    key: rescueKey(rescue.tenant, rescue.connectionId, rescue.versionId),
    attributes: {
      ...(rescue as unknown as Attributes),
      due_shard: workShard(rescue.connectionId),
      due_at: dueAtMs,
    },
  }
}

/** A rescue item as it is stored. */
export interface StoredRescue extends Rescue {
  readonly due_at: number
}
