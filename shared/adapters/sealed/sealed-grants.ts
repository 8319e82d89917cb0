import { sealedGrantKey } from '../../domain/sealed-keys.ts'
import type { SecretText } from '../../domain/secret-text.ts'
import type { GrantSealer, SealedPlace } from '../../ports/grant-sealer.ts'
import type { ItemStore, Write } from '../../ports/item-store.ts'
import type { KeyWrapper } from '../../ports/key-wrapper.ts'
import type { Random } from '../../ports/random.ts'
import { SecretNotFoundError } from '../../ports/secret-store.ts'
import { SEALED_GRANT_ROWS } from '../../rows/sealed-rows.ts'
import { envelopeOf, openText, prepareSeal } from './envelope.ts'
import { placeOfGrant } from './sealed-places.ts'

/** Tokens sealed in the row store, each under a data key of its own that is bound to its part and mark. */
export class SealedGrants implements GrantSealer {
  readonly #ports: { readonly items: ItemStore; readonly keys: KeyWrapper; readonly random: Random }
  readonly removesAtOnce: boolean

  constructor(ports: {
    readonly items: ItemStore
    readonly keys: KeyWrapper
    readonly random: Random
    readonly removesAtOnce?: boolean
  }) {
    this.#ports = ports
    this.removesAtOnce = ports.removesAtOnce ?? false
  }

  async prepare(place: SealedPlace): Promise<(text: SecretText) => Write> {
    const seal = await prepareSeal(placeOfGrant(place), this.#ports)
    return (text) => ({
      op: 'put',
      key: sealedGrantKey(place),
      attributes: SEALED_GRANT_ROWS.encode(seal(text)),
      when: [{ kind: 'item-absent' }],
    })
  }

  async open(place: SealedPlace): Promise<SecretText> {
    const sealed = SEALED_GRANT_ROWS.find(await this.#ports.items.get(sealedGrantKey(place)))
    if (sealed === undefined) throw new SecretNotFoundError(`there is no ${place.part} item of that mark`)
    return openText(envelopeOf(sealed), placeOfGrant(place), this.#ports.keys)
  }
}
