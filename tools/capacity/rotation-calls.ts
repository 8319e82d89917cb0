/** Where secrets are kept, as the CDK context names it. */
export type SecretStoreKind = 'secrets-manager' | 'sealed'

/** A row with one grant, a lease and an attempt, as a simulation has it; its name and scopes make the difference. */
const ROW_BYTES = 1_500
/** An event that says what changed. */
const EVENT_BYTES = 500
/** Wrapped data key, nonce, tag and attribute names around a sealed value. */
const ENVELOPE_BYTES = 400
/** One write unit is this much, one consistent read unit four times as much; transactions cost twice (DynamoDB pricing page). */
const UNIT_BYTES = 1_024
const IN_TRANSACTION = 2

/** What one rotation asks of each service. */
export interface RotationCalls {
  readonly secretWrites: number
  readonly secretReads: number
  /** Of base table and index. */
  readonly writeUnits: number
  readonly indexWriteUnits: number
  readonly rowWriteUnits: number
  readonly readUnits: number
  /** Digests of refresh tokens, and data keys. */
  readonly kmsCalls: number
  readonly eventBytes: number
  readonly sealedBytes: number
}

/**
 * The calls of a rotation that nothing disturbs. The row: a lease in one write, then its end with the new pointer
 * and a change event in a transaction, and a due index entry deleted and put. The secret: a version read (whoever
 * stored it remembers it, but of many instances it is seldom the same), one put,
 * and the old one removed when sealed (a version, and a check of its `meta` item, in a transaction).
 */
export function callsOfRotation(store: SecretStoreKind, secretBytes: number): RotationCalls {
  const row = units(ROW_BYTES)
  const rowWriteUnits = row + IN_TRANSACTION * row
  const eventUnits = IN_TRANSACTION * units(EVENT_BYTES)
  const indexWriteUnits = 2
  const shared = {
    rowWriteUnits,
    indexWriteUnits,
    eventBytes: EVENT_BYTES,
  }
  const writeUnits = rowWriteUnits + eventUnits + indexWriteUnits
  const kmsCalls = DIGESTS + DATA_KEY_CALLS
  const rowReads = ROW_READS * Math.ceil(ROW_BYTES / (4 * UNIT_BYTES))
  if (store === 'secrets-manager')
    return {
      ...shared,
      secretWrites: 1,
      secretReads: 1,
      writeUnits,
      readUnits: rowReads,
      kmsCalls,
      sealedBytes: 0,
    }
  const sealedBytes = (secretBytes * 4) / 3 + ENVELOPE_BYTES
  const version = units(sealedBytes)
  return {
    ...shared,
    secretWrites: 0,
    secretReads: 0,
    writeUnits: writeUnits + IN_TRANSACTION * (version + 1) + version,
    readUnits: rowReads + Math.ceil(sealedBytes / (4 * UNIT_BYTES)),
    kmsCalls,
    sealedBytes,
  }
}

/** When the work item is taken, and when somebody else may have renewed meanwhile; a simulation counts them. */
const ROW_READS = 2
/** The refresh token that is sent, for the attempt that is written down. */
const DIGESTS = 1
/** One data key is unwrapped and one is made: by this vault when sealed, else by Secrets Manager under the same key. */
const DATA_KEY_CALLS = 2

function units(bytes: number): number {
  return Math.ceil(bytes / UNIT_BYTES)
}
