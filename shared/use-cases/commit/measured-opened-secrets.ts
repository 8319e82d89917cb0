import type { SecretPointer } from '../../domain/connection.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { SecretStore } from '../../ports/secret-store.ts'
import { type OpenedSecret, OpenedSecrets } from './opened-secrets.ts'

/** Opened secrets, with each lookup counted: a `hit` in memory, or a `miss` that asks the store. */
export class MeasuredOpenedSecrets extends OpenedSecrets {
  readonly #metrics: Metrics

  constructor(secrets: SecretStore, metrics: Metrics) {
    super(secrets)
    this.#metrics = metrics
  }

  /** A miss here is counted by the `open` that follows it. */
  override peek(pointer: SecretPointer): OpenedSecret | undefined {
    const opened = super.peek(pointer)
    if (opened !== undefined) this.#metrics.count('secret_lookups', 1, { outcome: 'hit' })
    return opened
  }

  override async open(pointer: SecretPointer): Promise<OpenedSecret> {
    const opened = this.peek(pointer)
    if (opened !== undefined) return opened
    this.#metrics.count('secret_lookups', 1, { outcome: 'miss' })
    return super.open(pointer)
  }
}
