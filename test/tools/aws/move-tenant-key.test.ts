import { MemoryItemStore } from '../../../shared/adapters/memory/memory-item-store.ts'
import { sealedGrantKey } from '../../../shared/domain/sealed-keys.ts'
import { keyMoveKey } from '../../../shared/domain/tool-keys.ts'
import type { KeyWrapper } from '../../../shared/ports/key-wrapper.ts'
import { moveTenant } from '../../../tools/aws/move-tenant-key.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { OPEN_KEYS } from '../../support/open-keys.ts'

const TO = { tenant: 'acme', keyArn: 'new' }
const SEALED_ITEMS = 2_500
/** Past the second page that is kept, and before the third. */
const KILLED_AT = 2_300
const DAY_MS = 24 * 3600_000

async function sealedItems(): Promise<MemoryItemStore> {
  const items = new MemoryItemStore()
  for (let made = 0; made < SEALED_ITEMS; made++) {
    const key = sealedGrantKey({ tenant: 'acme', ownerId: `ac_${made}`, part: 'access', mark: 'm' })
    const attributes = { v: 1, keyId: 'old', wrapped: 'w', iv: 'i', tag: 't', ciphertext: 'c' }
    await items.transact([{ op: 'put', key, attributes }])
  }
  return items
}

/** Wraps by this key; its process is killed when it was asked so often. */
function keysThatDie(keyId: string, afterCalls = Number.POSITIVE_INFINITY): KeyWrapper & { calls: number } {
  return Object.assign(Object.create(OPEN_KEYS) as KeyWrapper, {
    calls: 0,
    async rewrap(this: { calls: number }, key: { keyId: string; wrapped: string }) {
      if (this.calls++ >= afterCalls) throw new Error('killed')
      return key.keyId === keyId ? key : { keyId, wrapped: `by ${keyId}` }
    },
  })
}

describe('moveTenant', () => {
  const clock = new ManualClock()
  const moving = async (items: MemoryItemStore, keys: KeyWrapper, to = TO) => {
    const lines: string[] = []
    const move = await moveTenant({ items, keys, clock }, to, (line) => lines.push(line))
    return { ...move, lines }
  }
  async function killed(): Promise<MemoryItemStore> {
    const items = await sealedItems()
    await expect(moving(items, keysThatDie('new', KILLED_AT))).rejects.toThrow('killed')
    return items
  }

  it('goes on behind what a run that was stopped had kept, and leaves nothing of it', async () => {
    const items = await killed()
    const keys = keysThatDie('new')
    const { lines, wholeAtMs } = await moving(items, keys)
    expect(lines).toEqual([
      'going on with pass 1 after 2000 items, 2000 of them moved',
      'pass 1: 2200 moved, 300 there already',
      'pass 2: 0 moved, 2500 there already',
    ])
    expect(wholeAtMs).toBe(clock.nowMs())
    expect(keys.calls).toBe(SEALED_ITEMS - 2_000 + SEALED_ITEMS)
    expect(await items.get(keyMoveKey('acme'))).toBeUndefined()
  })

  it('begins anew for another key, and a day later', async () => {
    const other = await moving(await killed(), keysThatDie('newer'), { ...TO, keyArn: 'newer' })
    expect(other.lines[0]).toBe('pass 1: 2500 moved, 0 there already')
    const items = await killed()
    await clock.advance(DAY_MS)
    expect((await moving(items, keysThatDie('new'))).lines[0]).toBe('pass 1: 200 moved, 2300 there already')
  })
})
