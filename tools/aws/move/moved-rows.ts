import { canonicalJson } from '../../../shared/domain/canonical-json.ts'
import type { SecretPointer } from '../../../shared/domain/connection.ts'
import { findSecretIdParts } from '../../../shared/domain/secret-id.ts'
import type { Attributes, AttributeValue, Condition, Item, Write } from '../../../shared/ports/item-store.ts'
import { CONNECTION_ROWS } from '../../../shared/rows/connection-row.ts'
import { isUndoneCreation } from '../../../shared/rows/undone-row.ts'
import { rowWayOf } from './moved-kinds.ts'
import {
  hasSameTokens,
  importClaim,
  isSameSecret,
  moveDigests,
  movedSecretId,
  moveSecret,
  moveSecretDigest,
  moveTokens,
  type Sides,
} from './moved-secrets.ts'
import type { Survey } from './survey.ts'

/** What of a row is by the keys of the vault that it is in. */
const DIGESTS = ['setupDigest', 'clientDigest', 'codeDigest', 'secretDigest'] as const

/** What fetches go on noting while both are compared; it is moved as it is at the time. */
const NOTED = ['lastFetchedHour', 'rejectedAtMs'] as const
const NOTED_KINDS: readonly string[] = ['USAGE', 'FLOWS']

/**
 * Brings one item of the source to the target, with what it points at; answers whether anything was written. An item
 * that is there as it should be costs one read, so a move that was stopped goes on where it was. Row, tokens and claim
 * are one transaction; a setup is stored before the row that points at it. Throws `ConditionFailedError` when the
 * target's item was written meanwhile.
 */
export async function moveItem(
  sides: Sides,
  item: Item,
  { imported }: Pick<Survey, 'imported'>,
): Promise<boolean> {
  const place = rowWayOf(item.key)
  if (place === undefined || isUndoneCreation(item.attributes)) return false
  const there = await sides.target.items.get(item.key)
  if (isInPlace(sides, item.attributes, there)) return false
  const moved = await withMovedPointers(sides, withoutDigests(item.attributes), there)
  if (place.way !== 'connection') {
    const digests = place.kind === 'OAUTH_APPS' ? await moveSecretDigest(sides, item.attributes) : {}
    await sides.target.items.transact([put(item, there, { ...moved, ...digests })])
    return true
  }
  const row = CONNECTION_ROWS.decode(item.attributes)
  const [digests, tokens] = [await moveDigests(sides, row), await moveTokens(sides, row)]
  const claim = imported.has(`${row.tenant} ${row.id}`) ? await importClaim(sides, row) : []
  await sides.target.items.transact([put(item, there, { ...moved, ...digests }), ...tokens, ...claim])
  return true
}

/** Whether an item of the source, and all that it points at, is at the target; everything is opened on both sides. */
export async function isMoved(sides: Sides, item: Item): Promise<boolean> {
  const place = rowWayOf(item.key)
  if (place === undefined || isUndoneCreation(item.attributes)) return true
  const there = await sides.target.items.get(item.key)
  if (there !== undefined && NOTED_KINDS.includes(place.kind)) return true
  if (!isInPlace(sides, withoutNotes(item.attributes), there && withoutNotes(there))) return false
  for (const [path, here] of pointersIn(item.attributes)) {
    const known = pointerAt(there, path)
    if (known === undefined || !(await isSameSecret(sides, { here, there: known }))) return false
  }
  return place.way !== 'connection' || hasSameTokens(sides, CONNECTION_ROWS.decode(item.attributes))
}

/** Whether the target's item is the source's, but for what is by its own keys and names. */
function isInPlace(sides: Sides, here: Attributes, there: Attributes | undefined): boolean {
  if (there === undefined) return false
  let expected = here
  for (const [path, pointer] of pointersIn(here)) {
    const known = pointerAt(there, path)
    const secretId = movedSecretId(pointer.secretId, sides)
    // Some stores choose the names of versions; the operation says whether it is the version of this state.
    const versionId = known?.secretId === secretId ? known.versionId : pointer.versionId
    expected = withPointer(expected, path, { ...pointer, secretId, versionId })
  }
  const isSame = canonicalJson(withoutDigests(expected)) === canonicalJson(withoutDigests(there))
  return isSame && DIGESTS.every((name) => name === 'codeDigest' || !(name in here) || name in there)
}

async function withMovedPointers(
  sides: Sides,
  here: Attributes,
  there: Attributes | undefined,
): Promise<Attributes> {
  let moved = here
  for (const [path, pointer] of pointersIn(here))
    moved = withPointer(moved, path, await moveSecret(sides, pointer, pointerAt(there, path)))
  return moved
}

function withoutDigests(attributes: Attributes): Attributes {
  return without(attributes, DIGESTS)
}

function withoutNotes(attributes: Attributes): Attributes {
  return without(attributes, NOTED)
}

function without(attributes: Attributes, names: readonly string[]): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !names.includes(name)))
}

/** Where a pointer is in an item: the names that lead to it. */
type Path = readonly string[]

/** Every pointer at a version of a secret of ours, whatever it is called. */
function pointersIn(
  value: AttributeValue | Attributes | undefined,
  path: Path = [],
): [Path, SecretPointer][] {
  const pointer = pointerIn(value)
  if (pointer !== undefined) return [[path, pointer]]
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return []
  return Object.entries(value as Attributes).flatMap(([name, member]) => pointersIn(member, [...path, name]))
}

function pointerAt(attributes: Attributes | undefined, path: Path): SecretPointer | undefined {
  let value: AttributeValue | Attributes | undefined = attributes
  for (const name of path) value = (value as Attributes | undefined)?.[name]
  return pointerIn(value)
}

function withPointer(attributes: Attributes, [name, ...rest]: Path, pointer: SecretPointer): Attributes {
  if (name === undefined) return { ...pointer }
  const member = (attributes[name] ?? {}) as Attributes
  return { ...attributes, [name]: withPointer(member, rest, pointer) as AttributeValue }
}

function pointerIn(value: AttributeValue | Attributes | undefined): SecretPointer | undefined {
  const pointer = (typeof value === 'object' && value !== null ? value : {}) as Partial<SecretPointer>
  const { secretId, versionId } = pointer
  if (typeof secretId !== 'string' || typeof versionId !== 'string') return undefined
  return findSecretIdParts(secretId) === undefined ? undefined : (pointer as SecretPointer)
}

/** Only over what was there when this was decided. */
function put({ key }: Item, there: Attributes | undefined, attributes: Attributes): Write {
  const op = there?.['op']
  const isSame: Condition[] = typeof op === 'string' ? [{ kind: 'equals', attribute: 'op', value: op }] : []
  return { op: 'put', key, attributes, when: there === undefined ? [{ kind: 'item-absent' }] : isSame }
}
