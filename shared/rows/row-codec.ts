import type { Attributes } from '../ports/item-store.ts'

/** How the items of one kind are stored: the one place where attributes become values, and the other way round. */
export interface RowCodec<Row> {
  /** The attributes of an item that is written whole. */
  encode(row: Row): Attributes
  /** Throws `UnreadableItemError` for an item of another format than this release writes. */
  decode(attributes: Attributes): Row
  /** The same of an item that may not be there. */
  find(attributes: Attributes | undefined): Row | undefined
  /** The members that a query asked for, the format among them, and not copied: lists go through thousands. */
  decodePart<Names extends keyof Row>(attributes: Attributes): Pick<Row, Names>
  /** Some of the members, for a write that leaves the others, and the format, as they are. */
  members(part: Partial<Row>): Attributes
}

/** What earlier code stored, or a later release: nothing of it is read or changed. */
export class UnreadableItemError extends Error {
  override readonly name = 'UnreadableItemError'
}

/**
 * The codec of one kind of items, whose format is `v`: each item says which it has, and another is refused. A place in
 * the due index is beside the value and no part of it, or one that is read and put back would stay there; only rows
 * that have it as members of their own say so by `isDueItself`.
 */
export function rowCodec<Row extends object>(
  kind: string,
  v: number,
  { isDueItself = false }: { readonly isDueItself?: boolean } = {},
): RowCodec<Row> {
  const assertFormat = (stored: Attributes[string]): void => {
    if (stored === v) return
    const found = stored === undefined ? 'no format' : `format ${String(stored)}`
    throw new UnreadableItemError(`an item of the kind ${kind} has ${found}, and this release reads ${v}`)
  }
  const decode = (attributes: Attributes): Row => {
    const { v: stored, ...members } = attributes
    assertFormat(stored)
    return (isDueItself ? members : withoutPlace(members)) as unknown as Row
  }
  return {
    encode: (row) => ({ ...row, v }) as unknown as Attributes,
    decode,
    decodePart: (attributes) => {
      assertFormat(attributes['v'])
      return attributes as unknown as Row
    },
    find: (attributes) => (attributes === undefined ? undefined : decode(attributes)),
    members: (part) => part as unknown as Attributes,
  }
}

function withoutPlace({ due_shard: _shard, due_at: _at, ...members }: Attributes): Attributes {
  return members
}
