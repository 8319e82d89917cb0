import { InvariantError } from '../../shared/domain/errors.ts'
import type { Attributes, Write } from '../../shared/ports/item-store.ts'
import type { ItemStoreSuite } from './item-store.ts'

const EVERY_KIND_OF_VALUE: Attributes = {
  text: 'plain',
  empty: '',
  unicode: 'ünï 😀 "quoted" \\ \u0000',
  integer: 1_700_000_000_123,
  negative: -42,
  fraction: 0.125,
  zero: 0,
  yes: true,
  no: false,
  nothing: null,
  list: ['a', 1, null, ['nested'], { deep: [] }],
  object: { 'a.b': 'dotted', inner: { leaf: 1 }, empty: {} },
}

/** What put, update, delete and check do to one item, and which transactions are refused as a whole. */
export function itemStoreWrites(suite: ItemStoreSuite): void {
  const transact = (...writes: Write[]) => suite.store().transact(writes)
  const get = (partition: string, sort = 'a') => suite.store().get({ partition, sort })
  const key = (partition: string, sort = 'a') => ({ partition, sort })

  it('gives undefined for an item that was never written', async () => {
    const partition = suite.name()
    await transact({ op: 'put', key: key(partition, 'other'), attributes: {} })
    expect(await get(partition)).toBeUndefined()
    expect(await get(suite.name(), 'other')).toBeUndefined()
  })

  it('gives back every kind of value as it was put', async () => {
    const partition = suite.name()
    await transact({ op: 'put', key: key(partition), attributes: EVERY_KIND_OF_VALUE })
    expect(await get(partition)).toStrictEqual(EVERY_KIND_OF_VALUE)
    expect(await suite.store().get(key(partition), { consistent: true })).toStrictEqual(EVERY_KIND_OF_VALUE)
    await suite.settle()
    expect(await suite.store().get(key(partition), { consistent: false })).toStrictEqual(EVERY_KIND_OF_VALUE)
  })

  it('keeps keys with separators, spaces and non-ASCII letters apart', async () => {
    const partition = suite.name()
    const sorts = ['a#b', 'a', '#b', 'a b', 'a%b', 'é', 'e\u0301', 'A', '😀', "'; DROP TABLE items; --"]
    await transact(
      ...sorts.map((sort): Write => ({ op: 'put', key: key(partition, sort), attributes: { sort } })),
      { op: 'put', key: key(`${partition}#a`, 'b'), attributes: { sort: 'elsewhere' } },
    )
    for (const sort of sorts) expect(await get(partition, sort)).toEqual({ sort })
    expect(await get(`${partition}#a`, 'b')).toEqual({ sort: 'elsewhere' })
  })

  it('does not store members that are undefined, at any depth', async () => {
    const partition = suite.name()
    const attributes = { kept: 1, gone: undefined, object: { kept: 2, gone: undefined } }
    await transact({ op: 'put', key: key(partition), attributes })
    expect(await get(partition)).toStrictEqual({ kept: 1, object: { kept: 2 } })
  })

  it('stores an item without attributes', async () => {
    const partition = suite.name()
    await transact(
      { op: 'put', key: key(partition, 'put'), attributes: {} },
      { op: 'update', key: key(partition, 'update') },
    )
    expect(await get(partition, 'put')).toStrictEqual({})
    expect(await get(partition, 'update')).toStrictEqual({})
  })

  it('replaces all attributes by a put', async () => {
    const partition = suite.name()
    await transact({ op: 'put', key: key(partition), attributes: { first: 1, both: 1 } })
    await transact({ op: 'put', key: key(partition), attributes: { second: 2, both: 2 } })
    expect(await get(partition)).toStrictEqual({ second: 2, both: 2 })
  })

  it('keeps its own copy: what callers do to their objects changes nothing', async () => {
    const partition = suite.name()
    const attributes = { object: { list: ['stored'] } }
    await transact({ op: 'put', key: key(partition), attributes })
    attributes.object.list.push('added later')
    const read = (await get(partition)) as typeof attributes
    expect(read).toEqual({ object: { list: ['stored'] } })
    read.object.list.push('added to the answer')
    const page = await suite.store().query({ partition, limit: 1 })
    ;(page.items[0]!.attributes as typeof attributes).object.list.push('added to the page')
    expect(await get(partition)).toEqual({ object: { list: ['stored'] } })
  })

  it('creates an absent item by an update', async () => {
    const partition = suite.name()
    const set = { object: { leaf: 1 }, due: 'x' }
    await transact({ op: 'update', key: key(partition), set, remove: ['never'], add: { count: 2 } })
    expect(await get(partition)).toStrictEqual({ object: { leaf: 1 }, due: 'x', count: 2 })
  })

  it('updates what it names and nothing else', async () => {
    const partition = suite.name()
    const attributes = { kept: 'k', object: { a: 1, b: 2 }, dropped: 'd', undone: 'u', count: 5, total: 0.5 }
    await transact({ op: 'put', key: key(partition), attributes })
    await transact({
      op: 'update',
      key: key(partition),
      set: { object: { c: 3 }, fresh: null, undone: undefined },
      remove: ['dropped', 'absent'],
      add: { count: -7, total: 0.25, born: 1 },
    })
    expect(await get(partition)).toStrictEqual({
      kept: 'k',
      object: { c: 3 },
      fresh: null,
      count: -2,
      total: 0.75,
      born: 1,
    })
  })

  it('does not take a name for a path', async () => {
    const partition = suite.name()
    // Words that DynamoDB's expressions reserve, and signs that they give a meaning.
    const set = { name: 'n', status: 's', 'a-b': 1, 'a b': 2, '#n': 3, ':v': 4, size: 5, '0': 6 }
    await transact({ op: 'update', key: key(partition), set })
    await transact({ op: 'update', key: key(partition), remove: ['a-b', '#n'], add: { ':v': 1, '0': 1 } })
    expect(await get(partition)).toStrictEqual({ name: 'n', status: 's', 'a b': 2, ':v': 5, size: 5, '0': 7 })
  })

  it('deletes an item, and an absent one without complaint', async () => {
    const partition = suite.name()
    await transact({ op: 'put', key: key(partition), attributes: { a: 1 } })
    await transact({ op: 'delete', key: key(partition) }, { op: 'delete', key: key(partition, 'absent') })
    expect(await get(partition)).toBeUndefined()
    await transact({ op: 'update', key: key(partition), set: { b: 2 } })
    expect(await get(partition)).toStrictEqual({ b: 2 })
  })

  it('checks an item without changing it', async () => {
    const partition = suite.name()
    await transact({ op: 'put', key: key(partition), attributes: { a: 1 } })
    await transact(
      { op: 'check', key: key(partition), when: [{ kind: 'equals', attribute: 'a', value: 1 }] },
      { op: 'check', key: key(partition, 'absent'), when: [{ kind: 'item-absent' }] },
      { op: 'put', key: key(partition, 'b'), attributes: { b: 1 } },
    )
    expect(await get(partition)).toStrictEqual({ a: 1 })
    expect(await get(partition, 'absent')).toBeUndefined()
    expect(await get(partition, 'b')).toStrictEqual({ b: 1 })
  })

  it('applies 100 writes, across partitions', async () => {
    const partitions = [suite.name(), suite.name()]
    const keys = Array.from({ length: 100 }, (_, index) => key(partitions[index % 2] ?? '', `item-${index}`))
    await transact(...keys.map((key, index): Write => ({ op: 'put', key, attributes: { index } })))
    for (const index of [0, 1, 50, 99]) expect(await suite.store().get(keys[index]!)).toEqual({ index })
  })

  it('takes an item of nearly 400 KB and refuses a larger one', async () => {
    const partition = suite.name()
    const large = 'x'.repeat(390_000)
    await transact({ op: 'put', key: key(partition), attributes: { large } })
    expect(await get(partition)).toEqual({ large })
    const tooLarge = { large: 'x'.repeat(410_000) }
    const put: Write = { op: 'put', key: key(partition), attributes: tooLarge }
    await expect(transact(put)).rejects.toThrow(InvariantError)
    expect(await get(partition)).toEqual({ large })
  })

  const put = (sort: string, attributes: Attributes = {}): Write => ({
    op: 'put',
    key: key('contract-refused', sort),
    attributes,
  })
  const update = (members: Partial<Extract<Write, { op: 'update' }>>): Write => ({
    op: 'update',
    key: key('contract-refused', 'b'),
    ...members,
  })
  const refused: [string, Write[]][] = [
    ['no write at all', []],
    ['101 writes', Array.from({ length: 101 }, (_, index) => put(`item-${index}`))],
    ['two writes on one item', [put('b'), { op: 'delete', key: key('contract-refused', 'b') }]],
    ['an empty partition', [{ op: 'put', key: key('', 'b'), attributes: {} }]],
    ['an empty sort key', [{ op: 'put', key: key('contract-refused', ''), attributes: {} }]],
    ['a sort key of more than 1024 bytes', [put('é'.repeat(513))]],
    ['a check without a condition', [{ op: 'check', key: key('contract-refused', 'b'), when: [] }]],
    ['a due_at without due_shard', [put('b', { due_at: 1 })]],
    ['a due_shard without due_at', [put('b', { due_shard: 's' })]],
    ['an empty due_shard', [put('b', { due_shard: '', due_at: 1 })]],
    ['a due_at that is no number', [put('b', { due_shard: 's', due_at: '1' })]],
    ['an update of due_at alone', [update({ set: { due_at: 1 } })]],
    ['an update that removes due_at alone', [update({ remove: ['due_at'] })]],
    ['an update that adds to due_at', [update({ add: { due_at: 1 } })]],
    ['an attribute named twice', [update({ set: { a: 1 }, remove: ['a'] })]],
    ['an attribute without a name', [put('b', { '': 1 })]],
    ['a number that is none', [put('b', { a: Number.NaN })]],
    ['a name with a dot', [put('b', { 'a.b': 1 })]],
    ['an addition of text', [update({ add: { a: '1' as never } })]],
    ['an addition to a name with a dot', [update({ add: { 'a.b': 1 } })]],
    ['an update of __proto__', [update({ set: JSON.parse('{"__proto__":1}') })]],
    ['half of a surrogate pair', [put('b', { a: '\ud800' })]],
    ['a key with half of a surrogate pair', [put('\ud800')]],
    ['an instance of a class', [put('b', { a: new Date(0) as never })]],
    ['an infinite number', [update({ add: { a: Number.POSITIVE_INFINITY } })]],
  ]
  it.each(refused)('refuses %s, and applies nothing', async (_, writes) => {
    const sound: Write = { op: 'put', key: key('contract-refused', 'sound'), attributes: {} }
    const all = writes.length === 0 || writes.length > 100 ? writes : [sound, ...writes]
    await expect(transact(...all)).rejects.toThrow(InvariantError)
    expect((await suite.store().query({ partition: 'contract-refused', limit: 1 })).items).toEqual([])
  })

  it('refuses to add to what is not a number', async () => {
    const partition = suite.name()
    await transact({ op: 'put', key: key(partition), attributes: { text: '1' } })
    await expect(
      transact(
        { op: 'put', key: key(partition, 'b'), attributes: {} },
        { op: 'update', key: key(partition), add: { text: 1 } },
      ),
    ).rejects.toThrow(InvariantError)
    expect(await get(partition)).toEqual({ text: '1' })
    expect(await get(partition, 'b')).toBeUndefined()
  })
}
