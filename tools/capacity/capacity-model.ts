import { MAX_BATCH, ROTATION_S, rotationPace } from '../../infra/rotation-pace.ts'
import { MAX_WORKERS } from '../../infra/stage-schema.ts'
import { ROTATION_SHARDS } from '../../shared/domain/keys.ts'
import { grantDueAtMs } from '../../shared/domain/rotation-policy.ts'
import { AWS_QUOTAS } from './aws-figures.ts'
import { callsOfRotation, type KeptBytes, type SecretStoreKind } from './rotation-calls.ts'

/** A due index shard, or a tenant's rows, may use this much of a partition: the rest is for waves. */
const PARTITION_SHARE = 0.7
/** A sweep each minute finds what fell due since the last: half of that on average. */
const SWEEP_WAIT_MS = 30_000
/** Ids whose jitter is averaged; a thousand are within a hundredth of any number of them. */
const JITTER_SAMPLE = 1_000
/** Rotations a second of a deployment with as many workers as it may have. */
const DEPLOYMENT_PACE = rotationPace({ workers: MAX_WORKERS }).rotationsPerMinute / 60

/** What is asked. All numbers are at least one, but for `idlePart`. */
export interface CapacityInput {
  readonly connections: number
  /** How long an access token lives; from `MIN_LIFE_FOR_SWEEP_MS`. */
  readonly accessLifeMs: number
  readonly tenants: number
  readonly secretStore: SecretStoreKind
  /** The part from 0 up to 1 of connections that nobody fetched for a day and that wait for their next fetch. */
  readonly idlePart: number
  readonly keptBytes: KeptBytes
  /** How long before its expiry a token is renewed; left out, as the rotation policy and the sweep have it. */
  readonly renewedBeforeMs?: number
}

/** One thing that could run out. */
export interface LoadLine {
  readonly what: string
  readonly perSecond: number
  readonly limitPerSecond: number
  /** The part of the limit that is used; above 1 it does not fit. */
  readonly used: number
  readonly remedy: string
}

/** What a size asks of AWS. */
export interface Capacity {
  readonly intervalMs: number
  readonly rotationsPerSecond: number
  /** What one account can do at most, all adjustable quotas as they come. */
  readonly capPerSecond: number
  readonly capReason: string
  /** Most first. */
  readonly loads: readonly LoadLine[]
  readonly shardsNeeded: number
  /** Instances of `grants` that renew at once, batches full. */
  readonly workers: number
  readonly sweptPerMinute: number
  readonly accounts: number
  /** Deployments at the pace of one with as many workers as it may have. */
  readonly deployments: number
}

/** From one renewal to the next, on average, in ms: the real due instants of many ids, and the wait for a sweep. */
export function rotationIntervalMs(accessLifeMs: number): number {
  const grant = {
    mark: '00000000',
    issuedAtMs: 0,
    accessExpiresAtMs: accessLifeMs,
    expiryBasis: 'stated',
    hasRefreshToken: true,
  } as const
  let sumMs = 0
  for (let i = 0; i < JITTER_SAMPLE; i++)
    sumMs += grantDueAtMs(`ac_${String(i).padStart(22, '0')}`, grant) ?? accessLifeMs
  return sumMs / JITTER_SAMPLE + SWEEP_WAIT_MS
}

/** Everything a size asks for, by formulas alone. */
export function capacityOf(input: CapacityInput): Capacity {
  const intervalMs =
    input.renewedBeforeMs === undefined
      ? rotationIntervalMs(input.accessLifeMs)
      : input.accessLifeMs - input.renewedBeforeMs
  const rotationsPerSecond = (input.connections * (1 - input.idlePart) * 1000) / intervalMs
  const loads = loadsOf(input, rotationsPerSecond).sort((a, b) => b.used - a.used)
  const calls = callsOfRotation(input.secretStore, input.keptBytes)
  const shardWrites = rotationsPerSecond * calls.indexWriteUnits
  const bySecrets =
    input.secretStore === 'secrets-manager' ? Math.ceil(input.connections / AWS_QUOTAS.secrets) : 1
  const cap = capOf(input)
  return {
    intervalMs,
    rotationsPerSecond,
    capPerSecond: cap.perSecond,
    capReason: cap.reason,
    loads,
    shardsNeeded: Math.max(
      1,
      Math.ceil(shardWrites / (AWS_QUOTAS.partitionWriteUnitsPerSecond * PARTITION_SHARE)),
    ),
    workers: Math.ceil((rotationsPerSecond * ROTATION_S) / MAX_BATCH),
    sweptPerMinute: rotationsPerSecond * 60,
    accounts: Math.max(bySecrets, Math.ceil(rotationsPerSecond / cap.perSecond)),
    deployments: Math.max(bySecrets, Math.ceil(rotationsPerSecond / DEPLOYMENT_PACE)),
  }
}

function capOf({ secretStore, keptBytes }: CapacityInput): { perSecond: number; reason: string } {
  const calls = callsOfRotation(secretStore, keptBytes)
  const table = AWS_QUOTAS.tableWriteUnitsPerSecond / calls.writeUnits
  const kms = AWS_QUOTAS.kmsCallsPerSecond / calls.kmsCalls
  return table < kms
    ? { perSecond: table, reason: 'write units of one table, which AWS raises on request' }
    : { perSecond: kms, reason: 'KMS calls of one account, which AWS raises on request' }
}

function loadsOf(input: CapacityInput, rate: number): LoadLine[] {
  const calls = callsOfRotation(input.secretStore, input.keptBytes)
  const partition = AWS_QUOTAS.partitionWriteUnitsPerSecond
  const loads = [
    load('rotations of one deployment', rate, DEPLOYMENT_PACE, 'more deployments, each in its account'),
    load(
      'write units of one due-index shard',
      (rate * calls.indexWriteUnits) / ROTATION_SHARDS,
      partition,
      'more shards (ROTATION_SHARDS)',
    ),
    load(
      'write units of one tenant’s rows',
      (rate * calls.rowWriteUnits) / input.tenants,
      partition,
      'DynamoDB splits a partition that stays hot; waves of a tenant are slower until then',
    ),
    load(
      'write units of the table',
      rate * calls.writeUnits,
      AWS_QUOTAS.tableWriteUnitsPerSecond,
      'a higher table quota',
    ),
    load('KMS calls', rate * calls.kmsCalls, AWS_QUOTAS.kmsCallsPerSecond, 'a higher KMS quota'),
    load(
      'function instances at once',
      (rate * ROTATION_S) / MAX_BATCH,
      AWS_QUOTAS.lambdaConcurrency,
      'more concurrency',
    ),
    load(
      'queue messages in flight',
      rate * ROTATION_S,
      AWS_QUOTAS.queueMessagesInFlight,
      'a second work queue',
    ),
  ]
  if (input.secretStore === 'sealed') return loads
  return loads.concat(
    load('Secrets Manager reads', rate * calls.secretReads, AWS_QUOTAS.secretReadsPerSecond, 'more accounts'),
  )
}

function load(what: string, perSecond: number, limitPerSecond: number, remedy: string): LoadLine {
  return {
    what,
    perSecond,
    limitPerSecond,
    used: perSecond / limitPerSecond,
    remedy,
  }
}
