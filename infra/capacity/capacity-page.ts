import { ROTATION_SHARDS } from '../../shared/domain/keys.ts'
import { type CapacityInput, capacityOf } from './capacity-model.ts'
import { dollars, grouped, STORES, short, whatBreaksFirst } from './capacity-report.ts'
import { monthlyCost, totalOf } from './monthly-cost.ts'
import type { SecretStoreKind } from './rotation-calls.ts'
import { type Plot, shortCount, svgPlot } from './svg-plot.ts'

const SIZES = [1e3, 1e5, 1e6, 1e7] as const
const CONNECTIONS_A_TENANT = 100
const HOUR_MS = 3600_000
/** What one connection keeps: an access token, a refresh token and the setup. */
export const SECRET_BYTES = 2_000

/** Every file of the page by its path in the project: the text, and the plots it shows. */
export function capacityPage(): Readonly<Record<string, string>> {
  return {
    'docs/capacity.md': page(),
    'docs/capacity-rates.svg': svgPlot(ratesPlot()),
    'docs/capacity-cost.svg': svgPlot(costPlot()),
  }
}

function hourly(connections: number, secretStore: SecretStoreKind): CapacityInput {
  const tenants = Math.max(1, connections / CONNECTIONS_A_TENANT)
  return { connections, accessLifeMs: HOUR_MS, tenants, secretStore, idlePart: 0, secretBytes: SECRET_BYTES }
}

function page(): string {
  return `# Capacity

Written by \`npm run capacity -- --write\`, from the formulas in \`infra/capacity\` and the AWS quotas and list prices in
\`infra/capacity/aws-figures.ts\`. Every connection here has a token of one hour and is used, ${CONNECTIONS_A_TENANT} of them
make a tenant. For other numbers: \`npm run capacity -- --connections 1e6 --life 3600 --tenants 1e4 --idle 0.9\`.

## Rates

${rateTable()}

![Rotations a second by connections, for three lives of tokens, and what one account may write](capacity-rates.svg)

Renewals begin a tenth of the life before expiry, five minutes at least, and are spread by a jitter; a sweep each
minute finds them. One account may write 50 secrets a second and AWS does not raise that; this vault keeps to 35. A
deployment shares these 35 between what people do (\`api\`), what flows wait for, and the queue, which is left a quarter:
it carries fewer connections than its account could. Sealed secrets have no such quota.

## Cost

${costTable()}

![Dollars a month by connections, with Secrets Manager and with sealed secrets](capacity-cost.svg)

Dollars a month at list price, for rotation and storage; fetches, logs and API calls come on top. A secret costs $0.40
a month whatever is done with it: that is nearly all of the bill with Secrets Manager.

## What breaks first

${STORES.map((store) => breaks(store)).join('\n')}

## How far to trust it

\`test/infra/capacity/capacity-model.test.ts\` runs the vault's own code with a virtual clock, and compares rotations a
second and writes a rotation with these formulas. Not measured: how long providers take (0.3 s paid for, 2 s planned
for), the sizes of rows and secrets, and whatever AWS has changed since its pages were read.
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

function ratesPlot(): Plot {
  const rate = (accessLifeMs: number) =>
    SIZES.map(
      (size) => [size, capacityOf({ ...hourly(size, 'sealed'), accessLifeMs }).rotationsPerSecond] as const,
    )
  const across = (perSecond: number) =>
    [
      [1e3, perSecond],
      [1e7, perSecond],
    ] as const
  const cap = (store: SecretStoreKind) => across(capacityOf(hourly(1e6, store)).capPerSecond)
  return {
    title: 'Rotations a second',
    xLabel: 'connections that rotate',
    yLabel: 'rotations a second',
    xRange: [1e3, 1e7],
    yRange: [0.01, 1e5],
    yText: (value) => (value >= 1 ? shortCount(value) : String(value)),
    lines: [
      { label: 'tokens of 15 minutes', points: rate(HOUR_MS / 4), color: 'orange' },
      { label: 'tokens of 1 hour', points: rate(HOUR_MS), color: 'blue' },
      { label: 'tokens of 1 day', points: rate(24 * HOUR_MS), color: 'green' },
      { label: 'cap: Secrets Manager', points: cap('secrets-manager'), color: 'red', dashed: true },
      { label: 'cap: sealed, default', points: cap('sealed'), color: 'red', dashed: true },
    ],
  }
}

function costPlot(): Plot {
  const cost = (input: (size: number) => CapacityInput) =>
    SIZES.map((size) => [size, totalOf(monthlyCost(input(size)))] as const)
  return {
    title: 'Dollars a month, tokens of 1 hour',
    xLabel: 'connections that rotate',
    yLabel: 'dollars a month',
    xRange: [1e3, 1e7],
    yRange: [1, 1e7],
    yText: (value) => `$${shortCount(value)}`,
    lines: [
      { label: 'Secrets Manager', points: cost((size) => hourly(size, 'secrets-manager')), color: 'blue' },
      { label: 'sealed', points: cost((size) => hourly(size, 'sealed')), color: 'green' },
      {
        label: 'sealed, 90 % idle',
        points: cost((size) => ({ ...hourly(size, 'sealed'), idlePart: 0.9 })),
        color: 'orange',
      },
    ],
  }
}
