// Sums jest's result files. A suite without one, or without a single test, and a step that failed count as failures.
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'

const [folder, suites, ...failedSteps] = process.argv.slice(2)
let passed = 0
let failed = failedSteps.length
for (const name of suites.split(',')) {
  const file = path.join(folder, `${name}.json`)
  const result = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
  if (result === undefined || result.numTotalTests === 0) {
    process.stdout.write(`${name}: did not run\n`)
    failed += 1
    continue
  }
  const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = result
  passed += numPassedTests
  failed += numFailedTests + numRuntimeErrorTestSuites
  process.stdout.write(
    `${name}: ${numPassedTests} passed, ${numFailedTests} failed, ${numPendingTests} skipped\n`,
  )
}
for (const step of failedSteps) process.stdout.write(`step failed: ${step}\n`)
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exitCode = failed === 0 ? 0 : 1
