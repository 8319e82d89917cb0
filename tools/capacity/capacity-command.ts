import fs from 'node:fs'
import path from 'node:path'
import { MAX_TENANT_KEYS } from '../../infra/stage-contradictions.ts'
import { MIN_LIFE_FOR_SWEEP_MS } from '../../shared/domain/rotation-policy.ts'
import { runTool, UsageError } from '../tool-command.ts'
import type { CapacityInput } from './capacity-model.ts'
import { CAPACITY_PAGE, capacityPage, KEPT_BYTES } from './capacity-page.ts'
import { capacityText, STORES } from './capacity-report.ts'
import { tellTenantKeysCost } from './idle-cost.ts'
import { operationTable } from './operation-cost.ts'

/*
 * `npm run capacity`: what a number of connections asks of AWS, what it costs, and what breaks first.
 */

const USAGE = `Usage:
  npm run -s capacity -- --connections 1e6 --life 3600 --tenants 1e4
Options: --secret-store secrets-manager|sealed, --idle PART from 0 below 1 (of connections that nobody fetches),
  --tenant-keys NUMBER (of tenants with a KMS key of their own), --write (makes docs/capacity.md anew).
  Left out: 1e6 connections, 3600 s, a hundred a tenant, no tenant with a key.`

const PROJECT_ROOT = path.join(import.meta.dirname, '../..')
/** More than any account could hold; a slip of the hand is likelier. */
const MAX_CONNECTIONS = 1e9
/** Some tokens live for a year. */
const MAX_LIFE_S = 366 * 24 * 3600

const OPTIONS = ['connections', 'life', 'tenants', 'secret-store', 'idle', 'tenant-keys'] as const

await runTool(USAGE, { options: OPTIONS, flags: ['write'] }, async ({ values, flags, say }) => {
  say(`${capacityText(inputOf(values))}\n${operationTable()}`)
  const { 'tenant-keys': keys } = values
  if (keys !== undefined) {
    const count = wholeNumber('tenant-keys', keys, [0, MAX_TENANT_KEYS])
    say(`\nkeys of single tenants: ${tellTenantKeysCost(count)}`)
  }
  if (!flags.has('write')) return 0
  fs.writeFileSync(path.join(PROJECT_ROOT, CAPACITY_PAGE), capacityPage())
  say(`\nWrote ${CAPACITY_PAGE}.`)
  return 0
})

function inputOf(values: Readonly<Partial<Record<(typeof OPTIONS)[number], string>>>): CapacityInput {
  const {
    life = '3600',
    tenants: tenantsText,
    idle = '0',
    'secret-store': store = 'secrets-manager',
  } = values
  const connections = wholeNumber('connections', values.connections ?? '1e6', [1, MAX_CONNECTIONS])
  const secretStore = STORES.find((known) => known === store)
  if (secretStore === undefined) throw refused('secret-store', store, STORES.join(' or '))
  const lifeS = wholeNumber('life', life, [MIN_LIFE_FOR_SWEEP_MS / 1000, MAX_LIFE_S])
  const tenants =
    tenantsText === undefined
      ? Math.ceil(connections / 100)
      : wholeNumber('tenants', tenantsText, [1, connections])
  const idlePart = idle.trim() === '' ? Number.NaN : Number(idle)
  if (!(idlePart >= 0 && idlePart < 1)) throw refused('idle', idle, 'a part from 0 below 1')
  return {
    connections,
    accessLifeMs: lifeS * 1000,
    tenants,
    secretStore,
    idlePart,
    keptBytes: KEPT_BYTES,
  }
}

function wholeNumber(name: string, text: string, [from, to]: readonly [number, number]): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (Number.isInteger(value) && value >= from && value <= to) return value
  throw refused(name, text, `a whole number from ${from} to ${to}, as 1000000 or 1e6`)
}

function refused(name: string, text: string, allowed: string): UsageError {
  return new UsageError(`--${name} ${JSON.stringify(text)} is not valid. Allowed: ${allowed}.`)
}
