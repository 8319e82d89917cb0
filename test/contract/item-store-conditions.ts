import {
  type Attributes,
  type Condition,
  ConditionFailedError,
  type Write,
} from '../../shared/ports/item-store.ts'
import type { ItemStoreSuite } from './item-store.ts'

const ITEM: Attributes = {
  text: 'a',
  digit: '4',
  empty: '',
  count: 5,
  yes: true,
  nothing: null,
  list: [{ leaf: 1 }],
  lease: { untilMs: 1_700_000_000_000, owner: { name: 'w1' } },
}

const EQUALS = (attribute: string, value: string | number | boolean): Condition => ({
  kind: 'equals',
  attribute,
  value,
})
const ABSENT = (attribute: string): Condition => ({ kind: 'absent', attribute })
const AT_MOST = (attribute: string, value: number): Condition => ({
  kind: 'absent-or-at-most',
  attribute,
  value,
})

/** Each condition with whether it holds for `ITEM`, and whether for an item that is absent. */
const TABLE: [Condition, boolean, boolean][] = [
  [{ kind: 'item-absent' }, false, true],
  [{ kind: 'item-present' }, true, false],
  [EQUALS('text', 'a'), true, false],
  [EQUALS('text', 'A'), false, false],
  [EQUALS('empty', ''), true, false],
  [EQUALS('count', 5), true, false],
  [EQUALS('count', 6), false, false],
  [EQUALS('count', '5'), false, false],
  [EQUALS('yes', true), true, false],
  [EQUALS('yes', false), false, false],
  [EQUALS('missing', 'a'), false, false],
  [EQUALS('lease.untilMs', 1_700_000_000_000), true, false],
  [EQUALS('lease.owner.name', 'w1'), true, false],
  [EQUALS('lease.owner.name', 'w2'), false, false],
  [EQUALS('lease.missing.name', 'w1'), false, false],
  [EQUALS('text.name', 'a'), false, false],
  [EQUALS('constructor', 'a'), false, false],
  [ABSENT('text'), false, true],
  [ABSENT('nothing'), false, true],
  [ABSENT('missing'), true, true],
  [ABSENT('lease.untilMs'), false, true],
  [ABSENT('lease.missing'), true, true],
  [ABSENT('missing.untilMs'), true, true],
  [ABSENT('toString'), true, true],
  [AT_MOST('count', 5), true, true],
  [AT_MOST('count', 4), false, true],
  [AT_MOST('missing', 4), true, true],
  [AT_MOST('lease.untilMs', 1_700_000_000_000), true, true],
  [AT_MOST('lease.untilMs', 1_699_999_999_999), false, true],
  [AT_MOST('lease.missing', 0), true, true],
  [AT_MOST('missing.untilMs', 0), true, true],
]

const CASES = TABLE.flatMap(([condition, present, absent]): [string, string, boolean, Condition][] => [
  [JSON.stringify(condition), 'a present', present, condition],
  [JSON.stringify(condition), 'an absent', absent, condition],
])

/** Every kind of condition on every kind of write, and what a failed one leaves behind. */
export function itemStoreConditions(suite: ItemStoreSuite): void {
  const transact = (...writes: Write[]) => suite.store().transact(writes)
  const key = (partition: string, sort = 'a') => ({ partition, sort })
  /** Resolves with the failure, or undefined when the transaction was applied. */
  const failureOf = async (...writes: Write[]): Promise<ConditionFailedError | undefined> => {
    try {
      await transact(...writes)
      return undefined
    } catch (error) {
      if (error instanceof ConditionFailedError) return error
      throw error
    }
  }

  async function judges(condition: Condition, before: Attributes | undefined, holds: boolean): Promise<void> {
    const partition = suite.name()
    if (before !== undefined) await transact({ op: 'put', key: key(partition), attributes: before })
    const check = await failureOf({ op: 'check', key: key(partition), when: [condition] })
    expect(check === undefined).toBe(holds)
    expect(await suite.store().get(key(partition))).toEqual(before)
    const update = await failureOf({ op: 'update', key: key(partition), set: { won: 1 }, when: [condition] })
    expect(update === undefined).toBe(holds)
    if (update !== undefined) expect(update.current).toEqual(before)
    expect(await suite.store().get(key(partition))).toEqual(holds ? { ...before, won: 1 } : before)
  }

  it.each(CASES)('judges %s on %s item: %s', (_, which, holds, condition) =>
    judges(condition, which === 'a present' ? ITEM : undefined, holds),
  )

  suite.itUnless('comparing-text-with-a-number-is-an-error', 'never orders text and numbers', () =>
    judges(AT_MOST('text', 4), ITEM, false),
  )

  it.each(['put', 'update', 'delete', 'check'] as const)(
    'applies a %s only when all of its conditions hold',
    async (op) => {
      const partition = suite.name()
      await transact({ op: 'put', key: key(partition), attributes: { version: 3, state: 'ready' } })
      const writeIf = (...when: Condition[]): Write =>
        op === 'put'
          ? { op, key: key(partition), attributes: { version: 4 }, when }
          : op === 'update'
            ? { op, key: key(partition), set: { version: 4 }, when }
            : { op, key: key(partition), when }
      const good = [
        EQUALS('version', 3),
        EQUALS('state', 'ready'),
        ABSENT('lease'),
        AT_MOST('lease.untilMs', 1),
      ]
      for (const [index, bad] of [EQUALS('version', 2), ABSENT('state'), AT_MOST('version', 2)].entries()) {
        const failure = await failureOf(writeIf(...good.slice(0, index), bad, ...good.slice(index)))
        expect(failure).toMatchObject({ writeIndex: 0, current: { version: 3, state: 'ready' } })
      }
      expect(await suite.store().get(key(partition))).toEqual({ version: 3, state: 'ready' })
      expect(await failureOf(writeIf(...good))).toBeUndefined()
      const after = { put: { version: 4 }, update: { version: 4, state: 'ready' }, delete: undefined }
      const expected = op === 'check' ? { version: 3, state: 'ready' } : after[op]
      expect(await suite.store().get(key(partition))).toEqual(expected)
    },
  )

  it.each([0, 1, 2])('applies all or none: the condition of write %i fails', async (failing) => {
    const partition = suite.name()
    await transact(
      { op: 'put', key: key(partition, 'b'), attributes: { n: 1 } },
      { op: 'put', key: key(partition, 'c'), attributes: { n: 2 } },
    )
    const when = (index: number): Condition[] => [EQUALS('n', index === failing ? 99 : index)]
    const writes: Write[] = [
      { op: 'put', key: key(partition, 'a'), attributes: { n: 9 }, when: failing === 0 ? when(0) : [] },
      { op: 'update', key: key(partition, 'b'), add: { n: 9 }, when: when(1) },
      { op: 'delete', key: key(partition, 'c'), when: when(2) },
    ]
    const failure = await failureOf(...writes)
    expect(failure?.writeIndex).toBe(failing)
    expect(failure?.current).toEqual([undefined, { n: 1 }, { n: 2 }][failing])
    const { items } = await suite.store().query({ partition, limit: 10 })
    expect(items.map((item) => item.attributes)).toEqual([{ n: 1 }, { n: 2 }])
  })

  it('names one of the writes when the conditions of two fail', async () => {
    const partition = suite.name()
    const when: Condition[] = [{ kind: 'item-present' }]
    const failure = await failureOf(
      { op: 'put', key: key(partition, 'a'), attributes: {} },
      { op: 'put', key: key(partition, 'b'), attributes: {}, when },
      { op: 'check', key: key(partition, 'c'), when },
    )
    expect([1, 2]).toContain(failure?.writeIndex)
    expect(await suite.store().get(key(partition, 'a'))).toBeUndefined()
  })

  it('judges a condition by the item as it was before the transaction', async () => {
    const partition = suite.name()
    const failure = await failureOf(
      { op: 'put', key: key(partition, 'a'), attributes: { n: 1 } },
      { op: 'update', key: key(partition, 'b'), set: { n: 1 }, when: [EQUALS('n', 1)] },
    )
    expect(failure?.writeIndex).toBe(1)
  })
}
