// Sums jest's result files. A suite without one, or without a single test, and a step that failed count as failures.
// Files that were run a second time count as they ended then, and are named.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

const [folder, suites, ...failedSteps] = process.argv.slice(2)
let passed = 0
let failed = failedSteps.length
for (const name of suites.split(',')) {
  const files = filesOf(`${name}.json`)
  const again = filesOf(`${name}.again.json`)
  const counts = countOf([...new Map([...files, ...again]).values()])
  if (counts.passed + counts.failed === 0) {
    tell(`${name}: did not run`)
    failed += 1
    continue
  }
  passed += counts.passed
  failed += counts.failed
  tell(`${name}: ${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  for (const file of again.keys()) tell(`${name}: run a second time: ${path.relative('.', file)}`)
}
for (const step of failedSteps) tell(`step failed: ${step}`)
tell(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

/** The test files of a result file, by name; none when it was not written. */
function filesOf(name) {
  const file = path.join(folder, name)
  const { testResults = [] } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
  return new Map(testResults.map((result) => [result.name, result]))
}

/** Counts tests; a file that failed without one of its tests having failed did not load, and is one failure. */
function countOf(files) {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const { status, assertionResults } of files) {
    const count = (...words) => assertionResults.filter((test) => words.includes(test.status)).length
    const failures = count('failed')
    counts.passed += count('passed')
    counts.failed += status === 'failed' && failures === 0 ? 1 : failures
    counts.skipped += count('pending', 'skipped', 'todo')
  }
  return counts
}

function tell(line) {
  process.stdout.write(`${line}\n`)
}
