import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import * as z from 'zod'
import { EVERY_OPTION, STAGE_SCHEMA } from './stage-schema.ts'

/**
 * `npm run synth`: makes the templates for both secret stores as `cdk deploy` would, with cdk-nag over them, runs
 * cfn-lint on them, and writes the schema of stage files for editors. Needs neither a network nor an account. Without Python it says so and skips cfn-lint
 * alone; with `CI=true` that is a failure.
 */
const projectRoot = path.resolve(import.meta.dirname, '..')
const cdk = path.join(projectRoot, 'node_modules', 'aws-cdk', 'bin', 'cdk')
const cfnLint = path.join(projectRoot, '.cache', 'venv', 'bin', 'cfn-lint')

/**
 * CDK writes each function's dependency on its role out, which cfn-lint finds superfluous (W3005). The kind of secret
 * store is an output that imports an output, so that nobody can change it under a vault (W6001).
 */
const IGNORED_RULES = ['W3005', 'W6001']

/** Issuers and accounts that do not exist: a template is checked, nothing is deployed. */
const EXAMPLE = { issuer: 'https://tenant.example.com/', audience: 'vault', tenantClaim: 'tenant' }
/** A stage as most are made, and one with every option that there is. */
const STAGES = {
  'secrets-manager': EXAMPLE,
  sealed: { ...EXAMPLE, secretStore: 'sealed', ...EVERY_OPTION },
}

const stagesFolder = path.join(projectRoot, 'cdk.out', 'stages')
mkdirSync(stagesFolder, { recursive: true })
for (const [name, file] of Object.entries(STAGES))
  writeFileSync(path.join(stagesFolder, `${name}.json`), JSON.stringify(file))
const schema = JSON.stringify(z.toJSONSchema(STAGE_SCHEMA, { io: 'input' }), undefined, 2)
writeFileSync(path.join(projectRoot, 'stages', 'schema.json'), `${schema}\n`)

const outputs = Object.keys(STAGES).map(synthesize)
process.exitCode = lint(outputs)

/** The folder with the templates of one secret store; ends the process when a check of CDK or cdk-nag fails. */
function synthesize(secretStore: string): string {
  const output = path.join(projectRoot, 'cdk.out', secretStore)
  const context = ['--context', `stages=${stagesFolder}`, '--context', `stage=${secretStore}`]
  const args = [cdk, 'synth', '--quiet', '--no-notices', '--output', output, ...context]
  const { status } = spawnSync(process.execPath, args, {
    cwd: projectRoot,
    stdio: 'inherit',
    env: { ...process.env, CDK_DISABLE_CLI_TELEMETRY: 'true' },
  })
  if (status !== 0) process.exit(status ?? 1)
  return output
}

function lint(folders: readonly string[]): number {
  if (!existsSync(cfnLint)) {
    process.stderr.write(
      'cfn-lint is not installed, so the templates were checked by cdk-nag only. Install it with: npm run test:aws (needs Python 3.11 or newer).\n',
    )
    return process.env['CI'] === 'true' ? 1 : 0
  }
  const templates = folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith('.template.json'))
      .map((file) => path.join(folder, file)),
  )
  const args = ['--regions', 'us-east-1', '--ignore-checks', ...IGNORED_RULES, '--', ...templates]
  const { status } = spawnSync(cfnLint, args, { cwd: projectRoot, stdio: 'inherit' })
  if (status === 0) process.stdout.write(`cfn-lint: ${templates.length} templates are clean\n`)
  return status ?? 1
}
