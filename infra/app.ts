import { buildApp } from './build-app.ts'

/** What `cdk` runs: builds the stacks from its context, for the place that the AWS SDK would talk to. */
buildApp({}, process.env['AWS_ENDPOINT_URL']).app.synth()
