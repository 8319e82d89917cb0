import type { Environment } from './read-environment.ts'

const PREFIX = 'FLOW_VAULT_'
/** What the command line, the tools and the tests of this project read beside the settings of a server. */
const NAMES_OF_TOOLS = [
  ...['BACKUP_PASSPHRASE', 'CLIENT_ID', 'CLIENT_SECRET', 'CONFIG', 'PROFILE', 'TOKEN', 'URL'],
  ...['FIRST_SEED', 'MINUTES', 'SEED', 'SEEDS'],
].map((name) => `${PREFIX}${name}`)
const PREFIX_OF_TESTS = `${PREFIX}TEST_`
/**
 * What Kubernetes tells every container of a service named `flow-vault` (Kubernetes, "Environment variables" of
 * services), and Docker of a linked container of that name.
 */
const OF_A_SERVICE = /^FLOW_VAULT_(?:SERVICE_(?:HOST|PORT(?:_.+)?)|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_.+)?)?)$/
/** A name is meant for another one when no more than a third of it has to be changed. */
const MEANT_PART = 1 / 3

/**
 * One sentence for each variable that looks like a setting and is none, with the known name that is nearest to it: who
 * misspells a setting runs without it, and would not notice.
 */
export function unknownNames(env: Environment, known: readonly string[]): string[] {
  const all = [...known, ...NAMES_OF_TOOLS]
  return Object.keys(env)
    .filter((name) => name.toUpperCase().startsWith(PREFIX) && !all.includes(name))
    .filter((name) => !name.startsWith(PREFIX_OF_TESTS) && !OF_A_SERVICE.test(name))
    .sort()
    .map((name) => sentenceOf(name.slice(0, 100), nearest(name, known)))
}

function sentenceOf(name: string, meant: string | undefined): string {
  const advice = meant === undefined ? 'The settings are listed in README.md.' : `Is ${meant} meant?`
  return `${name} is no setting of Flow Vault. ${advice}`
}

function nearest(name: string, known: readonly string[]): string | undefined {
  const given = name.toUpperCase().slice(PREFIX.length, 100)
  const ranked = known
    .filter((each) => each.startsWith(PREFIX))
    .map((each) => ({ each, changes: changesBetween(given, each.slice(PREFIX.length)) }))
    .sort((a, b) => a.changes - b.changes)
  const [best] = ranked
  return best !== undefined && best.changes <= Math.max(1, given.length * MEANT_PART) ? best.each : undefined
}

/** How many characters have to be added, left out or changed (Levenshtein's distance). */
function changesBetween(from: string, to: string): number {
  let before = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [row, letter] of [...from].entries()) {
    const now = [row + 1]
    for (let column = 1; column <= to.length; column++) {
      const changed = before[column - 1]! + (letter === to[column - 1] ? 0 : 1)
      now.push(Math.min(before[column]! + 1, now[column - 1]! + 1, changed))
    }
    before = now
  }
  return before[to.length]!
}
