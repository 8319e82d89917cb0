import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import {
  authorizationKey,
  connectionKey,
  freezeKey,
  intentKey,
  rescueKey,
  tombstoneKey,
} from '../../../../shared/domain/keys.ts'
import type { Attributes, ItemKey } from '../../../../shared/ports/item-store.ts'
import { hasData, survey } from '../../../../tools/aws/move/survey.ts'

const NOW_MS = Date.UTC(2030, 0, 1)
const ATTEMPT = { fence: 4, owner: 'p', grantName: 'main', startedAtMs: NOW_MS - 60_000, op: 'o' }

let items: MemoryItemStore
beforeEach(() => {
  items = new MemoryItemStore()
})
const put = (key: ItemKey, attributes: Attributes) =>
  items.transact([{ op: 'put', key, attributes: { v: 1, ...attributes } }])
const underWay = async (isAlone: boolean) => (await survey({ items, isAlone }, NOW_MS)).underWay

describe('survey', () => {
  it.each([
    ['an operation that is not finished', intentKey('t', 'op'), { state: 'open' }, 'operations'],
    ['a renewed grant that is not stored', rescueKey('t', 'ac_1', 'op'), { of: 'renewal' }, 'renewed grants'],
    ['a deletion', tombstoneKey('t', 'ac_1'), { state: 'deleting' }, 'deletions'],
    ['the job of a freeze', freezeKey('t', 'fz_1'), { job: { state: 'running' } }, 'freezes'],
  ])('has %s end first, whoever works on the rows', async (_, key, attributes, words) => {
    await put(key, attributes)
    for (const isAlone of [true, false])
      expect(await underWay(isAlone)).toEqual([expect.stringContaining(words)])
  })

  it.each([
    ['a renewal under way', connectionKey('t', 'ac_1'), { fence: 4, attempt: ATTEMPT }],
    ['a person who authorizes', authorizationKey('au_1'), { phase: 'bound', expiresAtMs: NOW_MS + 1000 }],
  ])(
    'waits for %s where somebody may do it, and not in a folder whose server is stopped',
    async (_, key, attributes) => {
      await put(key, attributes)
      expect(await underWay(false)).toHaveLength(1)
      expect(await underWay(true)).toEqual([])
    },
  )

  it.each([
    [
      'a renewal of which nobody knows the outcome',
      connectionKey('t', 'ac_1'),
      { fence: 4, attempt: { ...ATTEMPT, unknownAtMs: 1 } },
    ],
    ['a link that nobody opened in time', authorizationKey('au_1'), { phase: 'open', expiresAtMs: NOW_MS }],
    ['the mark of what was undone', intentKey('t', 'op'), { undoneAtMs: 1 }],
    ['a freeze in force', freezeKey('t', 'fz_1'), { job: { state: 'done' } }],
  ])('does not wait for %s', async (_, key, attributes) => {
    await put(key, attributes)
    expect(await underWay(false)).toEqual([])
  })

  it('says what stays behind', async () => {
    await put(tombstoneKey('t', 'ac_1'), { state: 'deleted' })
    await put(rescueKey('t', 'ac_2', 'op'), { of: 'revoke' })
    const found = await survey({ items, isAlone: true }, NOW_MS)
    expect(found).toMatchObject({ counts: {}, underWay: [] })
    expect([...found.stays].sort()).toEqual([
      expect.stringContaining('deleted connections'),
      expect.stringContaining('not revoked'),
    ])
  })
})

describe('hasData', () => {
  it('tells a stage that was used from a new one', async () => {
    await put({ partition: 'VAULT', sort: 'secret-store' }, { kind: 'sealed' })
    expect(await hasData({ items })).toBe(false)
    await put(connectionKey('t', 'ac_1'), {})
    expect(await hasData({ items })).toBe(true)
  })
})
