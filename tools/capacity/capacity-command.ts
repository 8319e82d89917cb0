import fs from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { MIN_LIFE_FOR_SWEEP_MS } from '../../shared/domain/rotation-policy.ts'
import type { CapacityInput } from './capacity-model.ts'
import { CAPACITY_PAGE, capacityPage, KEPT_BYTES } from './capacity-page.ts'
import { capacityText, STORES } from './capacity-report.ts'
import { operationTable } from './operation-cost.ts'

/*
 * `npm run capacity`: what a number of connections asks of AWS, what it costs, and what breaks first.
 */

const USAGE = `Usage:
  npm run -s capacity -- --connections 1e6 --life 3600 --tenants 1e4
Options: --secret-store secrets-manager|sealed, --idle PART from 0 below 1 (of connections that nobody fetches),
  --write (makes docs/capacity.md anew). Left out: 1e6 connections, 3600 s, a hundred a tenant.`

const PROJECT_ROOT = path.join(import.meta.dirname, '../..')
/** More than any account could hold; a slip of the hand is likelier. */
const MAX_CONNECTIONS = 1e9
/** Some tokens live for a year. */
const MAX_LIFE_S = 366 * 24 * 3600

class UsageError extends Error {}

try {
  process.stdout.write(run(process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.stderr.write(`${error.message}\n\n${USAGE}\n`)
  process.exitCode = 2
}

function run(args: string[]): string {
  const values = parse(args)
  if (values.help === true) return `${USAGE}\n`
  const text = `${capacityText(inputOf(values))}\n${operationTable()}\n`
  if (values.write !== true) return text
  fs.writeFileSync(path.join(PROJECT_ROOT, CAPACITY_PAGE), capacityPage())
  return `${text}\nWrote ${CAPACITY_PAGE}.\n`
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        connections: { type: 'string', default: '1e6' },
        life: { type: 'string', default: '3600' },
        tenants: { type: 'string' },
        'secret-store': { type: 'string', default: 'secrets-manager' },
        idle: { type: 'string', default: '0' },
        write: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function inputOf(values: ReturnType<typeof parse>): CapacityInput {
  const connections = wholeNumber('connections', values.connections, [1, MAX_CONNECTIONS])
  const secretStore = STORES.find((store) => store === values['secret-store'])
  if (secretStore === undefined) throw refused('secret-store', values['secret-store'], STORES.join(' or '))
  const lifeS = wholeNumber('life', values.life, [MIN_LIFE_FOR_SWEEP_MS / 1000, MAX_LIFE_S])
  const tenants =
    values.tenants === undefined
      ? Math.ceil(connections / 100)
      : wholeNumber('tenants', values.tenants, [1, connections])
  const idlePart = values.idle.trim() === '' ? Number.NaN : Number(values.idle)
  if (!(idlePart >= 0 && idlePart < 1)) throw refused('idle', values.idle, 'a part from 0 below 1')
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
