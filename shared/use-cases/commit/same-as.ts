import type { Condition } from '../../ports/item-store.ts'

/** The condition that an attribute is still what it was seen to be, or still not there. */
export function sameAs(attribute: string, seen: string | number | undefined): Condition {
  return seen === undefined ? { kind: 'absent', attribute } : { kind: 'equals', attribute, value: seen }
}
