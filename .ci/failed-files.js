// Prints the test files that failed in a result file of jest, when they are few enough to be run once more.
import { existsSync, readFileSync } from 'node:fs'

// Browsers and emulators are late now and then; a fault of ours fails many files, or the same one again.
const MAX_FILES = 2

const file = process.argv[2]
const { testResults = [] } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {}
const failed = testResults.filter(({ status }) => status === 'failed').map(({ name }) => name)
if (failed.length <= MAX_FILES) process.stdout.write(failed.map((name) => `${name}\n`).join(''))
