import { readFileSync } from 'node:fs'
import type { Attributes } from '../../../shared/ports/item-store.ts'
import { APPLICATION_ROWS, DEFAULT_APPLICATION_ROWS } from '../../../shared/rows/application-row.ts'
import { AUTHORIZATION_ROWS } from '../../../shared/rows/authorization-row.ts'
import { CODE_CLAIM_ROWS, IDEMPOTENCY_ROWS, IMPORTED_ROWS } from '../../../shared/rows/claim-rows.ts'
import { COMPARED_SEGMENT_ROWS, COMPARISON_ROWS } from '../../../shared/rows/comparison-row.ts'
import { CONNECTION_ROWS } from '../../../shared/rows/connection-row.ts'
import {
  CONNECTION_COUNT_ROWS,
  REFUSED_COUNT_ROWS,
  SIGHTING_ROWS,
  USAGE_ROWS,
} from '../../../shared/rows/count-rows.ts'
import { DELIVERY_ROWS } from '../../../shared/rows/delivery-row.ts'
import { EVENT_ROWS, FEED_HEAD_ROWS } from '../../../shared/rows/event-row.ts'
import { FLOW_ROWS } from '../../../shared/rows/flow-row.ts'
import { FREEZE_ROWS } from '../../../shared/rows/freeze-row.ts'
import { INTENT_ROWS } from '../../../shared/rows/intent-row.ts'
import { KEY_MOVE_ROWS } from '../../../shared/rows/key-move-row.ts'
import { BREAKER_ROWS, BUCKET_ROWS, TURN_ROWS, WRITE_TURNS_ROWS } from '../../../shared/rows/limit-rows.ts'
import { PERMIT_ROWS } from '../../../shared/rows/permit-row.ts'
import { RESCUE_ROWS } from '../../../shared/rows/rescue-row.ts'
import { type RowCodec, rowCodec, UnreadableItemError } from '../../../shared/rows/row-codec.ts'
import { SEALED_GRANT_ROWS, SEALED_VERSION_ROWS, SECRET_META_ROWS } from '../../../shared/rows/sealed-rows.ts'
import { SUBSCRIPTION_ROWS } from '../../../shared/rows/subscription-row.ts'
import { TOMBSTONE_ROWS } from '../../../shared/rows/tombstone-row.ts'
import { UNDONE_ROWS } from '../../../shared/rows/undone-row.ts'
import {
  KEY_CHECK_ROWS,
  PROBE_ROWS,
  RESTORED_ROWS,
  SECRET_STORE_ROWS,
} from '../../../shared/rows/vault-rows.ts'
import { readSourceFiles } from '../../support/source-files.ts'

const CODECS = {
  connection: CONNECTION_ROWS,
  tombstone: TOMBSTONE_ROWS,
  rescue: RESCUE_ROWS,
  application: APPLICATION_ROWS,
  subscription: SUBSCRIPTION_ROWS,
  'default of an app': DEFAULT_APPLICATION_ROWS,
  intent: INTENT_ROWS,
  'mark of what is undone': UNDONE_ROWS,
  freeze: FREEZE_ROWS,
  permit: PERMIT_ROWS,
  delivery: DELIVERY_ROWS,
  authorization: AUTHORIZATION_ROWS,
  flow: FLOW_ROWS,
  event: EVENT_ROWS,
  'head of a feed': FEED_HEAD_ROWS,
  'record of an Idempotency-Key': IDEMPOTENCY_ROWS,
  'claim of a code': CODE_CLAIM_ROWS,
  'claim of an imported grant': IMPORTED_ROWS,
  'counter of connections': CONNECTION_COUNT_ROWS,
  'counter of refused changes': REFUSED_COUNT_ROWS,
  usage: USAGE_ROWS,
  sighting: SIGHTING_ROWS,
  budget: BUCKET_ROWS,
  breaker: BREAKER_ROWS,
  turn: TURN_ROWS,
  'count of writes': WRITE_TURNS_ROWS,
  secret: SECRET_META_ROWS,
  'sealed version': SEALED_VERSION_ROWS,
  'sealed grant': SEALED_GRANT_ROWS,
  'secret store': SECRET_STORE_ROWS,
  'key check': KEY_CHECK_ROWS,
  'mark of a restored store': RESTORED_ROWS,
  'probe of the disk': PROBE_ROWS,
  comparison: COMPARISON_ROWS,
  'segment of a comparison': COMPARED_SEGMENT_ROWS,
  'move to another key': KEY_MOVE_ROWS,
} as Record<string, unknown> as Record<string, RowCodec<object>>
/** What 0.2.0 wrote, one item a kind: every later release reads it. A release adds a file and changes none. */
const STORED = JSON.parse(readFileSync('test/shared/rows/items-of-0.2.0.json', 'utf8')) as Record<
  string,
  Attributes
>
const kinds = Object.keys(CODECS)
/** Rows that know their place in the due index; of all others it is beside the value, and set by each write. */
const DUE_THEMSELVES = ['connection']

describe('the items of 0.2.0', () => {
  it('have every kind', () => {
    expect(Object.keys(STORED)).toEqual(kinds)
    const made = readSourceFiles(['shared/rows']).flatMap(({ code }) => code.match(/\browCodec</g) ?? [])
    // One mention is the function's own.
    expect(made).toHaveLength(kinds.length + 1)
  })

  it.each(kinds)('decode as a %s, and are written as they were', (kind) => {
    const row = CODECS[kind]!.decode(STORED[kind]!)
    expect(row).not.toHaveProperty('v')
    const { due_shard: _shard, due_at: _at, ...beside } = STORED[kind]!
    expect(CODECS[kind]!.encode(row)).toEqual(DUE_THEMSELVES.includes(kind) ? STORED[kind] : beside)
  })

  it.each(kinds)('are refused as a %s when their format is not known', (kind) => {
    const { v: _, ...earlier } = STORED[kind]!
    for (const unknown of [earlier, { ...earlier, v: 2 }, { ...earlier, v: '1' }])
      expect(() => CODECS[kind]!.decode(unknown)).toThrow(UnreadableItemError)
  })
})

describe('rowCodec', () => {
  const codec = rowCodec<{ name: string }>('thing', 3)

  it('says of nothing that there is none', () => expect(codec.find(undefined)).toBeUndefined())

  it('keeps a member that is undefined out of what it decodes to', () =>
    expect(codec.find(codec.encode({ name: 'x' }))).toEqual({ name: 'x' }))

  it('names the kind and both formats in its refusal, and nothing that is stored', () =>
    expect(() => codec.decode({ name: 'planted-canary', v: 4 })).toThrow(
      /^an item of the kind thing has format 4, and this release reads 3$/,
    ))
})
