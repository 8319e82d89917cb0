import { SettingsError } from '../shared/settings/read-environment.ts'
import { buildApp } from './build-app.ts'

/** What `cdk` runs: builds the stacks of the stage files, for the place that the AWS SDK would talk to. */
try {
  buildApp({}, process.env['AWS_ENDPOINT_URL']).synth()
} catch (error) {
  if (!(error instanceof SettingsError)) throw error
  process.stderr.write(`${error.message}\n`)
  process.exitCode = 1
}
