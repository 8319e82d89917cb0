import { spawn } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { COMPILE_CACHE } from './compile-cache.ts'

const CLI = path.resolve('node_modules/auth0-deploy-cli/lib/index.js')
/** Where the CLI keeps vault connections in its directory format. */
const CONNECTIONS_FOLDER = 'flow-vault-connections'

/** Runs Auth0's own deploy tool on vault connections; it speaks TLS only. Answers its exit code and all it wrote. */
export async function runDeployCli(
  args: readonly string[],
  target: { tlsUrl: string; caPath: string; env: Readonly<Record<string, string>> },
): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [CLI, ...args], {
    env: {
      PATH: process.env['PATH'],
      ...COMPILE_CACHE,
      AUTH0_DOMAIN: new URL(target.tlsUrl).host,
      AUTH0_INCLUDED_ONLY: '["flowVaultConnections"]',
      NODE_EXTRA_CA_CERTS: target.caPath,
      ...target.env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk
    })
  }
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, output }
}

/** The connections in a folder of the CLI's directory format, by file name. */
export async function readExported(folder: string): Promise<Record<string, unknown>> {
  const names = await readdir(path.join(folder, CONNECTIONS_FOLDER))
  const read = async (name: string): Promise<[string, unknown]> => [
    name,
    JSON.parse(await readFile(path.join(folder, CONNECTIONS_FOLDER, name), 'utf8')),
  ]
  return Object.fromEntries(await Promise.all(names.toSorted().map(read)))
}
