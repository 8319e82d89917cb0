import { ROTATION_SHARDS } from '../../shared/domain/keys.ts'
import { rotationLeadMs } from '../../shared/domain/rotation-policy.ts'
import { AWS_QUOTAS } from './aws-figures.ts'
import { type Capacity, type CapacityInput, capacityOf } from './capacity-model.ts'
import { type MonthlyCost, monthlyCost, schedulesCost, totalOf } from './monthly-cost.ts'
import { callsOfRotation, type SecretStoreKind } from './rotation-calls.ts'

/** Both, the default first. */
export const STORES: readonly SecretStoreKind[] = ['secrets-manager', 'sealed']

/** Everything about one size, as text for a terminal. */
export function capacityText(input: CapacityInput): string {
  const capacity = capacityOf(input)
  const other = STORES.find((store) => store !== input.secretStore)!
  return [
    `${grouped(input.connections)} connections of ${grouped(input.tenants)} tenants, tokens of ${input.accessLifeMs / 1000} s, ` +
      `${percent(input.idlePart)} idle, secret store ${input.secretStore}`,
    '',
    ...aligned(figuresOf(input, capacity)),
    '',
    ...aligned([
      ['a second', 'needed', 'limit', 'used'],
      ...capacity.loads.map(({ what, perSecond, limitPerSecond, used }) => [
        what,
        short(perSecond),
        short(limitPerSecond),
        percent(used),
      ]),
    ]),
    '',
    ...aligned([
      ['dollars a month', input.secretStore, other],
      ...costRows(monthlyCost(input), monthlyCost({ ...input, secretStore: other })),
    ]),
    '',
    whatBreaksFirst(input, capacity),
    '',
  ].join('\n')
}

function figuresOf(input: CapacityInput, capacity: Capacity): string[][] {
  const calls = callsOfRotation(input.secretStore, input.keptBytes)
  return [
    [
      'renewed before expiry',
      `${Math.round((input.accessLifeMs - capacity.intervalMs) / 1000)} s on average, lead ${rotationLeadMs(input.accessLifeMs) / 1000} s`,
    ],
    ['rotations a second', short(capacity.rotationsPerSecond)],
    ['at the cap of one account', `${short(capacity.capPerSecond)}: ${capacity.capReason}`],
    ['swept a minute', grouped(Math.round(capacity.sweptPerMinute))],
    ['due-index shards needed', `${capacity.shardsNeeded} of ${ROTATION_SHARDS}`],
    ['instances that renew', grouped(capacity.workers)],
    [
      'per rotation',
      `${calls.writeUnits} write units, ${calls.readUnits} read units, ${calls.kmsCalls} KMS calls${calls.secretReads === 0 ? '' : `, ${calls.secretReads} secret read`}`,
    ],
    ['accounts by quota', grouped(capacity.accounts)],
    ['deployments by their own pace', grouped(capacity.deployments)],
    [
      'a schedule each instead',
      `${percent(capacity.rotationsPerSecond / AWS_QUOTAS.schedulerInvocationsPerSecond)} of the default Scheduler quota, ${dollars(schedulesCost(input))} a month`,
    ],
  ]
}

function costRows(cost: MonthlyCost, otherCost: MonthlyCost): string[][] {
  const services = Object.keys(cost) as (keyof MonthlyCost)[]
  return [
    ...services.map((service) => [service, dollars(cost[service]), dollars(otherCost[service])]),
    ['together', dollars(totalOf(cost)), dollars(totalOf(otherCost))],
  ]
}

/** In words: what runs out first, when, and what helps. */
export function whatBreaksFirst(input: CapacityInput, capacity: Capacity): string {
  const [first] = capacity.loads
  if (first === undefined) return ''
  const at = `at ${short(input.connections / first.used)} connections like these`
  const verb = first.used > 1 ? 'What breaks first, and does at this size' : 'What would break first'
  return `${verb}: ${first.what}, ${at}. What helps: ${first.remedy}.`
}

/** A table of aligned columns: words to the left, figures to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows)
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, cell.length)
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || row.length === 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  )
}

/** `1,234,567` */
export function grouped(value: number): string {
  return value.toLocaleString('en-US')
}

/** Three digits that matter, without an exponent. */
export function short(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumFractionDigits: 6 })
}

/** Whole dollars. */
export function dollars(value: number): string {
  return `$${grouped(Math.round(value))}`
}

function percent(part: number): string {
  return `${short(part * 100)} %`
}
