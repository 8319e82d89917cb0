import { randomBytes } from 'node:crypto'
import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import { SealedGrants } from '../../../../shared/adapters/sealed/sealed-grants.ts'
import { SystemRandom } from '../../../../shared/adapters/system/system-random.ts'
import { sealedGrantKey } from '../../../../shared/domain/sealed-keys.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import type { SealedPlace } from '../../../../shared/ports/grant-sealer.ts'
import type { KeyContext, KeyWrapper } from '../../../../shared/ports/key-wrapper.ts'
import { SealBrokenError, SecretNotFoundError } from '../../../../shared/ports/secret-store.ts'

const PLACE: SealedPlace = { tenant: 't1', ownerId: 'ac_1', part: 'access', mark: 'abcdefgh' }
/** Every place that differs in one part. */
const OTHERS: readonly (readonly [string, SealedPlace])[] = [
  ['another mark', { ...PLACE, mark: 'abcdefgi' }],
  ['the refresh tokens of the same mark', { ...PLACE, part: 'refresh' }],
  ['another connection', { ...PLACE, ownerId: 'ac_2' }],
  ['another tenant', { ...PLACE, tenant: 't2' }],
]

describe('SealedGrants', () => {
  let items: MemoryItemStore
  let asked: KeyContext[]
  let sealer: SealedGrants

  /** Data keys of a wrapper that binds nothing and only notes the contexts: the seal alone must hold. */
  const keys = (): KeyWrapper => {
    const dataKey = randomBytes(32)
    const handOut = async (context: KeyContext) => {
      asked.push(context)
      return Buffer.from(dataKey)
    }
    return {
      generateDataKey: async (context) => ({
        plaintext: await handOut(context),
        key: { keyId: 'k', wrapped: 'AA==' },
      }),
      unwrap: async (_key, context) => handOut(context),
      rewrap: async (key) => key,
    }
  }
  beforeEach(() => {
    items = new MemoryItemStore()
    asked = []
    sealer = new SealedGrants({ items, keys: keys(), random: new SystemRandom() })
  })

  async function store(place: SealedPlace, text: string): Promise<void> {
    await items.transact([(await sealer.prepare(place))(new SecretText(text))])
  }

  it('opens what was sealed in its place, and has nothing where nothing was', async () => {
    await store(PLACE, 'one')
    expect((await sealer.open(PLACE)).reveal()).toBe('one')
    for (const [, other] of OTHERS) await expect(sealer.open(other)).rejects.toThrow(SecretNotFoundError)
  })

  it.each(OTHERS)('does not open an item that was moved to the place of %s', async (_, other) => {
    await store(PLACE, 'one')
    const attributes = (await items.get(sealedGrantKey(PLACE)))!
    await items.transact([{ op: 'put', key: sealedGrantKey(other), attributes }])
    await expect(sealer.open(other)).rejects.toThrow(SealBrokenError)
    expect((await sealer.open(PLACE)).reveal()).toBe('one')
  })

  it('asks for the data key of each part under a context of its own', async () => {
    await store(PLACE, 'one')
    await store({ ...PLACE, part: 'refresh' }, 'two')
    await sealer.open(PLACE)
    const context = (part: string) => ({ tenant: 't1', owner: 'ac_1', part, mark: 'abcdefgh' })
    expect(asked).toEqual([context('access'), context('refresh'), context('access')])
  })

  it('puts an item once: one that is there is never replaced', async () => {
    await store(PLACE, 'one')
    await expect(store(PLACE, 'two')).rejects.toThrow()
    expect((await sealer.open(PLACE)).reveal()).toBe('one')
  })
})
