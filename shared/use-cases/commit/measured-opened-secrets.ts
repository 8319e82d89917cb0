import type { SecretPointer } from '../../domain/connection.ts'
import type { GrantSealer } from '../../ports/grant-sealer.ts'
import type { Metrics } from '../../ports/metrics.ts'
import type { SecretStore } from '../../ports/secret-store.ts'
import { type OpenedAccess, type OpenedSecret, OpenedSecrets } from './opened-secrets.ts'

/** Opened secrets, with each lookup counted: a `hit` in memory, or a `miss` that asks the store. */
export class MeasuredOpenedSecrets extends OpenedSecrets {
  readonly #metrics: Metrics

  constructor(secrets: SecretStore, sealer: GrantSealer, metrics: Metrics) {
    super(secrets, sealer)
    this.#metrics = metrics
  }

  /** A miss here is counted by the `open` that follows it. */
  override peek(pointer: SecretPointer): OpenedSecret | undefined {
    return this.#hit(super.peek(pointer))
  }

  override peekAccess(owner: { tenant: string; id: string }, mark: string): OpenedAccess | undefined {
    return this.#hit(super.peekAccess(owner, mark))
  }

  override async open(pointer: SecretPointer): Promise<OpenedSecret> {
    return this.peek(pointer) ?? this.#missed(super.open(pointer))
  }

  override async openAccess(owner: { tenant: string; id: string }, mark: string): Promise<OpenedAccess> {
    return this.peekAccess(owner, mark) ?? this.#missed(super.openAccess(owner, mark))
  }

  #hit<T>(opened: T | undefined): T | undefined {
    if (opened !== undefined) this.#metrics.count('secret_lookups', 1, { outcome: 'hit' })
    return opened
  }

  #missed<T>(opening: Promise<T>): Promise<T> {
    this.#metrics.count('secret_lookups', 1, { outcome: 'miss' })
    return opening
  }
}
