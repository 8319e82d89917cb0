import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

/**
 * `npm run synth`: makes the templates for both secret stores as `cdk deploy` would, with cdk-nag over them, and
 * runs cfn-lint on them. Needs neither a network nor an account. Without Python it says so and skips cfn-lint
 * alone; with `CI=true` that is a failure.
 */
const projectRoot = path.resolve(import.meta.dirname, '..')
const cdk = path.join(projectRoot, 'node_modules', 'aws-cdk', 'bin', 'cdk')
const cfnLint = path.join(projectRoot, '.cache', 'venv', 'bin', 'cfn-lint')

/** An issuer that does not exist: a template is checked, nothing is deployed. */
const EXAMPLE_CONTEXT = {
  issuer: 'https://tenant.example.com/',
  audience: 'https://vault.example.com/api/v2/',
  tenantClaim: 'https://vault.example.com/tenant',
}
/** CDK writes each function's dependency on its role out, which cfn-lint finds superfluous. */
const IGNORED_RULES = ['W3005']

const outputs = ['secrets-manager', 'sealed'].map(synthesize)
process.exitCode = lint(outputs)

/** The folder with the templates of one secret store; ends the process when a check of CDK or cdk-nag fails. */
function synthesize(secretStore: string): string {
  const output = path.join(projectRoot, 'cdk.out', secretStore)
  const context = Object.entries({ ...EXAMPLE_CONTEXT, secretStore }).flatMap(([key, value]) => [
    '--context',
    `${key}=${value}`,
  ])
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
