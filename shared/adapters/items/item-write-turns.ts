import { writesKey } from '../../domain/limit-keys.ts'
import { StoreUnavailableError } from '../../ports/item-store.ts'
import { WRITES_PER_SECOND, type WriteKind, type WriteTurns } from '../secrets-manager/write-budget.ts'
import { type BucketPorts, takeShare } from './shared-bucket.ts'

/** Taken at a time: one write to the table for a few to Secrets Manager; what is not used of it is lost. */
const SHARE = 3
const RATE = { perSecond: WRITES_PER_SECOND, burst: WRITES_PER_SECOND }

/** The turns of all processes together, in a bucket of the table for each kind of write. */
export class ItemWriteTurns implements WriteTurns {
  readonly #ports: BucketPorts
  readonly #left = new Map<WriteKind, number>()

  constructor(ports: BucketPorts) {
    this.#ports = ports
  }

  async take(kind: WriteKind): Promise<number | undefined> {
    const left = this.#left.get(kind) ?? 0
    if (left >= 1) {
      this.#left.set(kind, left - 1)
      return 0
    }
    try {
      const share = await takeShare(this.#ports, writesKey(kind), { rate: RATE, least: 1, most: SHARE })
      if (share.units === 0) return share.emptyForMs
      this.#left.set(kind, (this.#left.get(kind) ?? 0) + share.units - 1)
      return 0
    } catch (error) {
      if (error instanceof StoreUnavailableError) return undefined
      throw error
    }
  }
}
