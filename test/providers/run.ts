import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { stopGroup } from '../support/aws-emulators.ts'
import {
  type Program,
  prepareGoAuth0,
  prepareHydra,
  prepareKeycloak,
} from '../support/real-server-programs.ts'

/**
 * `npm run test:providers [-- jest arguments]`: gets Keycloak, Ory Hydra and a client made of go-auth0 into
 * `.cache/providers`, once, and runs every `.providers.test.ts` suite against them. What cannot be had is skipped, with
 * the reason; the exit code is jest's.
 */
const projectRoot = path.resolve(import.meta.dirname, '../..')

let jest: ChildProcess | undefined
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (jest === undefined) process.exit(1)
    void stopGroup(jest)
  })
}

const programs = {
  KEYCLOAK: await prepareKeycloak(projectRoot),
  HYDRA: await prepareHydra(projectRoot),
  GO_AUTH0: await prepareGoAuth0(projectRoot),
}
const skipped = Object.values(programs).flatMap((program) => ('skipped' in program ? [program.skipped] : []))
process.exitCode = await runJest(process.argv.slice(2))
if (skipped.length > 0) {
  process.stderr.write(
    `\n${skipped.length} of ${Object.keys(programs).length} programs skipped:\n${skipped.join('\n')}\n`,
  )
}

async function runJest(jestArguments: readonly string[]): Promise<number> {
  const jestPath = path.join(projectRoot, 'node_modules/jest/bin/jest.js')
  const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jestPath]
  const env = Object.entries(programs).map(([name, program]) => variableOf(name, program))
  // In a group of its own: a server that a suite leaves behind ends with it.
  jest = spawn(
    process.execPath,
    [...flags, '--config', 'jest.providers.config.js', '--runInBand', ...jestArguments],
    {
      cwd: projectRoot,
      env: { ...process.env, ...Object.fromEntries(env) },
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    },
  )
  const [code] = await once(jest, 'exit')
  await stopGroup(jest)
  return code ?? 1
}

function variableOf(name: string, program: Program): readonly [string, string] {
  return 'path' in program
    ? [`FLOW_VAULT_TEST_${name}`, program.path]
    : [`FLOW_VAULT_TEST_${name}_SKIPPED`, program.skipped]
}
