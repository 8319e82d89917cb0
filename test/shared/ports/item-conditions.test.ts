import {
  applyUpdate,
  conditionHolds,
  copyAttributes,
  decideWrites,
} from '../../../shared/ports/item-conditions.ts'
import type { Attributes, Condition, ItemKey, Write } from '../../../shared/ports/item-store.ts'

const key = (sort: string): ItemKey => ({ partition: 'p', sort })
const PRESENT: Condition[] = [{ kind: 'item-present' }]

// Every kind of condition and write is in test/contract/item-store-*.ts; here is what only these functions show.
describe('conditionHolds', () => {
  it('follows a path into objects and not into lists or text', () => {
    const item: Attributes = { list: ['a'], text: 'abc', 'a.b': 1 }
    for (const attribute of ['list.0', 'list.length', 'text.length', 'text.0', 'a.b']) {
      expect(conditionHolds(item, { kind: 'absent', attribute })).toBe(true)
    }
  })
})

describe('applyUpdate', () => {
  it('leaves the item it is given as it was', () => {
    const current = { kept: 1, gone: 2, object: { leaf: 1 } }
    const write = {
      op: 'update',
      key: key('a'),
      set: { object: 3 },
      remove: ['gone'],
      add: { kept: 1 },
    } as const
    expect(applyUpdate(current, write)).toEqual({ kept: 2, object: 3 })
    expect(current).toEqual({ kept: 1, gone: 2, object: { leaf: 1 } })
  })
})

describe('copyAttributes', () => {
  it('shares nothing with the original', () => {
    const original = { object: { list: [{ leaf: 1 }] } }
    const copy = copyAttributes(original) as typeof original
    copy.object.list[0]!.leaf = 2
    copy.object.list.push({ leaf: 3 })
    expect(original).toEqual({ object: { list: [{ leaf: 1 }] } })
  })
})

describe('decideWrites', () => {
  it('says what each item becomes, and leaves checks out', () => {
    const items: Record<string, Attributes> = { b: { n: 1 }, d: { n: 2 } }
    const writes: Write[] = [
      { op: 'put', key: key('a'), attributes: { n: 0, gone: undefined } },
      { op: 'update', key: key('b'), add: { n: 5 } },
      { op: 'delete', key: key('c') },
      { op: 'check', key: key('d'), when: PRESENT },
    ]
    expect(decideWrites(writes, ({ sort }) => items[sort])).toStrictEqual([
      { key: key('a'), after: { n: 0 } },
      { key: key('b'), after: { n: 6 } },
      { key: key('c'), after: undefined },
    ])
  })

  it('reads only the items that its answer depends on', () => {
    const read: string[] = []
    const writes: Write[] = [
      { op: 'put', key: key('unconditional put'), attributes: {} },
      { op: 'delete', key: key('unconditional delete'), when: [] },
      { op: 'update', key: key('update') },
      { op: 'put', key: key('conditional'), attributes: {}, when: [{ kind: 'item-absent' }] },
    ]
    decideWrites(writes, ({ sort }) => void read.push(sort))
    expect(read).toEqual(['update', 'conditional'])
  })

  it('names the first write whose conditions fail', () => {
    const check = (sort: string): Write => ({ op: 'check', key: key(sort), when: PRESENT })
    const decide = () =>
      decideWrites([check('a'), check('b'), check('c')], ({ sort }) => (sort === 'a' ? {} : undefined))
    expect(decide).toThrow(expect.objectContaining({ name: 'ConditionFailedError', writeIndex: 1 }))
  })

  it('refuses an update that makes the item too large, or a number infinite', () => {
    const half: Attributes = { half: 'x'.repeat(300_000), n: Number.MAX_VALUE }
    const update = (members: object): Write => ({ op: 'update', key: key('a'), ...members })
    const decide = (write: Write) => () => decideWrites([write], () => half)
    expect(decide(update({ set: { other: 'x'.repeat(200_000) } }))).toThrow('an item is at most 409600 bytes')
    expect(decide(update({ set: { half: 'x'.repeat(200_000) } }))).not.toThrow()
    expect(decide(update({ add: { n: Number.MAX_VALUE } }))).toThrow('plain JSON value')
  })
})
