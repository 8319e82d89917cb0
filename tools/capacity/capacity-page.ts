import { ROTATION_SHARDS } from '../../shared/domain/keys.ts'
import { type CapacityInput, capacityOf } from './capacity-model.ts'
import { dollars, grouped, STORES, short, whatBreaksFirst } from './capacity-report.ts'
import { idleCost, tellTenantKeysCost } from './idle-cost.ts'
import { monthlyCost, totalOf } from './monthly-cost.ts'
import { operationTable } from './operation-cost.ts'
import type { KeptBytes, SecretStoreKind } from './rotation-calls.ts'

const SIZES = [1e3, 1e5, 1e6, 1e7] as const
const CONNECTIONS_A_TENANT = 100
const HOUR_MS = 3600_000
/** What one connection keeps. */
export const KEPT_BYTES: KeptBytes = { access: 1_000, refresh: 400, setup: 400 }

/** Where the page is, from the root of the project. */
export const CAPACITY_PAGE = 'docs/capacity.md'

/** A count as people say it: 1 k, 100 k, 1 M. */
function shortCount(count: number): string {
  return count >= 1e6 ? `${count / 1e6} M` : `${count / 1e3} k`
}

function hourly(connections: number, secretStore: SecretStoreKind): CapacityInput {
  const tenants = Math.max(1, connections / CONNECTIONS_A_TENANT)
  return { connections, accessLifeMs: HOUR_MS, tenants, secretStore, idlePart: 0, keptBytes: KEPT_BYTES }
}

/** The page about what a number of connections asks of AWS and costs. */
export function capacityPage(): string {
  return `# Capacity

Written by \`npm run capacity -- --write\`, from the formulas in \`tools/capacity\` and the AWS quotas and list prices in
\`tools/capacity/aws-figures.ts\`. Every connection here has a token of one hour and is used, ${CONNECTIONS_A_TENANT} of them
make a tenant. For other numbers: \`npm run capacity -- --connections 1e6 --life 3600 --tenants 1e4 --idle 0.9\`.

## Rates

${rateTable()}

Renewals begin a tenth of the life before expiry, five minutes at least, and are spread by a jitter; a sweep each
minute finds them. A rotation writes to the table alone, whichever store holds what people enter: tokens are sealed
items beside their row. Secrets Manager is asked for a setup, by instances that do not remember it, and written to by
people's changes: these keep to 35 a second of the 50 that one account may write, which AWS does not raise. It holds
500,000 secrets an account, and by that alone needs more accounts than the table does.

## Cost

${costTable()}

Dollars a month at list price, for rotation and storage; what clients and flows ask for comes on top, below. Every
connection here has a setup that somebody entered, which is a secret of $0.40 a month whatever is done with it: that is
nearly all of the bill with Secrets Manager. One that was authorized with nothing entered has none.

## Without use

${idleTable()}

Dollars a month of a stage with no connection and no request, at list prices without the free tier. The key that wraps
data keys is rotated yearly: its first two rotations add a dollar each. A key that a tenant has to itself
(\`tenantKeys\`) costs ${tellTenantKeysCost(1)}; what is asked of it costs what it costs under the shared key.

## Every operation

Dollars a million, at list prices, on a static connection with Secrets Manager. Logs hold the vault's lines, Lambda's and API
Gateway's; a suite on the emulator holds the calls of the stores to the code.

${operationTable()}

## What breaks first

${STORES.map((store) => breaks(store)).join('\n')}

## How far to trust it

\`test/tools/capacity/capacity-model.test.ts\` runs the vault's own code with a virtual clock, and compares rotations a
second and calls a rotation with these formulas, which count at their most: each rotation opens a setup and an access
token that its instance does not remember. Not measured: how long providers take (0.3 s paid for, 2 s planned for), the
sizes of tokens and setups, and whatever AWS has changed since its pages were read.
`
}

function rateTable(): string {
  return table(
    [
      'connections',
      'rotations/s',
      'swept a minute',
      `shards of ${ROTATION_SHARDS}`,
      'instances',
      'accounts, Secrets Manager',
      'deployments, Secrets Manager',
      'accounts, sealed',
      'deployments, sealed',
    ],
    SIZES.map((size) => {
      const managed = capacityOf(hourly(size, 'secrets-manager'))
      const sealed = capacityOf(hourly(size, 'sealed'))
      return [
        shortCount(size),
        short(managed.rotationsPerSecond),
        grouped(Math.round(managed.sweptPerMinute)),
        ...[managed.shardsNeeded, managed.workers, managed.accounts, managed.deployments].map(grouped),
        ...[sealed.accounts, sealed.deployments].map(grouped),
      ]
    }),
  )
}

function costTable(): string {
  const services = Object.keys(monthlyCost(hourly(1, 'sealed'))) as (keyof ReturnType<typeof monthlyCost>)[]
  return table(
    ['connections', 'secret store', ...services, 'together'],
    SIZES.flatMap((size) =>
      STORES.map((store) => {
        const cost = monthlyCost(hourly(size, store))
        return [
          shortCount(size),
          store,
          ...services.map((name) => dollars(cost[name])),
          `**${dollars(totalOf(cost))}**`,
        ]
      }),
    ),
  )
}

function idleTable(): string {
  const cost = idleCost()
  const sum = Object.values(cost).reduce((all, one) => all + one, 0)
  const cents = (amount: number) => `$${amount.toFixed(2)}`
  return table([...Object.keys(cost), 'together'], [[...Object.values(cost).map(cents), `**${cents(sum)}**`]])
}

function breaks(store: SecretStoreKind): string {
  const input = hourly(1e6, store)
  return `* ${store}, a million: ${whatBreaksFirst(input, capacityOf(input))}`
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_, column) => (column === 0 ? '---' : '---:'))), ...rows.map(line)].join(
    '\n',
  )
}
