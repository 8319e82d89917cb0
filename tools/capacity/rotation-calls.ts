/** Where setups are kept, as the CDK context names it. */
export type SecretStoreKind = 'secrets-manager' | 'sealed'

/** What one connection keeps beside its row, in bytes before they are sealed. */
export interface KeptBytes {
  readonly access: number
  readonly refresh: number
  readonly setup: number
}

/** A row with one grant and an attempt, as a simulation has it; its name and scopes make the difference. */
const ROW_BYTES = 1_500
/** An event that says what changed. */
const EVENT_BYTES = 500
/** Wrapped data key, nonce, tag and attribute names around a sealed value. */
const ENVELOPE_BYTES = 400
/** One write unit is this much, one consistent read unit four times as much; transactions cost twice (DynamoDB pricing page). */
const UNIT_BYTES = 1_024
const IN_TRANSACTION = 2

/** When the work item is taken, and when somebody else may have renewed meanwhile; a simulation counts them. */
const ROW_READS = 2
/** A data key for each part is in hand before the provider is asked. */
const DATA_KEYS = 2
/** The old refresh item, and the old access item, which an answer may not replace whole. */
const OPENED_TOKENS = 2
/** A setup never changes by itself; whoever opened it remembers it, but of many instances it is seldom the same. */
const OPENED_SETUPS = 1

/** What one rotation asks of each service. */
export interface RotationCalls {
  /** Setups that Secrets Manager opens. */
  readonly secretReads: number
  /** Of base table and index. */
  readonly writeUnits: number
  readonly indexWriteUnits: number
  readonly rowWriteUnits: number
  readonly readUnits: number
  /** Data keys made, and unwrapped. */
  readonly kmsCalls: number
  readonly eventBytes: number
}

/**
 * The calls of a rotation that nothing disturbs and whose refresh token is replaced, at their most. The attempt is one
 * write; then one transaction has the row, a change event, and the new access and refresh items; another removes the
 * old ones; a due index entry is deleted and put. Setups are only read, so that their store makes little difference:
 * each is one more data key unwrapped, by this vault when sealed, else by Secrets Manager under the same key.
 */
export function callsOfRotation(store: SecretStoreKind, kept: KeptBytes): RotationCalls {
  const row = units(ROW_BYTES)
  const tokens = units(sealedSize(kept.access)) + units(sealedSize(kept.refresh))
  const rowWriteUnits = row + IN_TRANSACTION * row
  const indexWriteUnits = 2
  const eventUnits = IN_TRANSACTION * units(EVENT_BYTES)
  const stored = IN_TRANSACTION * tokens
  const removed = IN_TRANSACTION * tokens
  const tableReads =
    ROW_READS * readUnits(ROW_BYTES) +
    readUnits(sealedSize(kept.refresh)) +
    readUnits(sealedSize(kept.access)) +
    (store === 'sealed' ? OPENED_SETUPS * readUnits(sealedSize(kept.setup)) : 0)
  return {
    secretReads: store === 'secrets-manager' ? OPENED_SETUPS : 0,
    writeUnits: rowWriteUnits + eventUnits + stored + removed + indexWriteUnits,
    indexWriteUnits,
    rowWriteUnits,
    readUnits: tableReads,
    kmsCalls: DATA_KEYS + OPENED_TOKENS + OPENED_SETUPS,
    eventBytes: EVENT_BYTES,
  }
}

/** What one connection keeps sealed in the table, in bytes. */
export function sealedBytes(store: SecretStoreKind, kept: KeptBytes): number {
  const tokens = sealedSize(kept.access) + sealedSize(kept.refresh)
  return store === 'sealed' ? tokens + sealedSize(kept.setup) : tokens
}

/** What so many bytes become when sealed: base64, in an envelope. */
export function sealedSize(bytes: number): number {
  return (bytes * 4) / 3 + ENVELOPE_BYTES
}

function units(bytes: number): number {
  return Math.ceil(bytes / UNIT_BYTES)
}

function readUnits(bytes: number): number {
  return Math.ceil(bytes / (4 * UNIT_BYTES))
}
