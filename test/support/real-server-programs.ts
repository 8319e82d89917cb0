import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'

const KEYCLOAK = '26.7.3'
const HYDRA = '2.3.0'
/** Getting Keycloak is a download of 180 MB; building Hydra compiles some hundred packages. */
const PREPARE_WITHIN_MS = 2_400_000
const LOG_TAIL_LINES = 5

/** A program that is there to be started, or why it is not. */
export type Program = { readonly path: string } | { readonly skipped: string }

/**
 * Keycloak as it is published, unpacked and built for its file database; it needs Maven to come and Java 17 or newer
 * to run.
 */
export async function prepareKeycloak(projectRoot: string): Promise<Program> {
  const name = `keycloak-${KEYCLOAK}`
  return prepare(projectRoot, { name, product: name }, (folder) => [
    [
      'mvn',
      '--batch-mode',
      '--quiet',
      'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:unpack',
      `-Dartifact=org.keycloak:keycloak-quarkus-dist:${KEYCLOAK}:zip`,
      `-DoutputDirectory=${folder}`,
    ],
    ['bash', path.join(folder, name, 'bin', 'kc.sh'), 'build', '--db=dev-file'],
  ])
}

/** Ory Hydra, built from its module by Go and a C compiler. */
export async function prepareHydra(projectRoot: string): Promise<Program> {
  return prepare(projectRoot, { name: `hydra-${HYDRA}`, product: 'hydra' }, (folder) => {
    for (const [name, text] of Object.entries(HYDRA_FILES)) writeFileSync(path.join(folder, name), text)
    const tags = ['-tags', 'sqlite,sqlite_omit_load_extension']
    return [['go', 'build', '-C', folder, '-mod=mod', ...tags, '-o', 'hydra', '.']]
  })
}

/** The client that test/providers/go-auth0 makes of the library of Auth0's Terraform provider, built by Go. */
export async function prepareGoAuth0(projectRoot: string): Promise<Program> {
  const source = path.join(projectRoot, 'test', 'providers', 'go-auth0')
  // By its text and what it is built of, so that a changed one is built anew.
  const text = ['main.go', 'go.sum'].map((name) => readFileSync(path.join(source, name)))
  const digest = createHash('sha256').update(Buffer.concat(text)).digest('hex')
  return prepare(projectRoot, { name: `go-auth0-${digest.slice(0, 12)}`, product: 'client' }, (folder) => [
    ['go', 'build', '-C', source, '-o', path.join(folder, 'client'), '.'],
  ])
}

// A module with `replace` directives can be no argument of `go install`: a program of our own starts its command.
const HYDRA_FILES = {
  'go.mod': `module flow-vault.test/hydra

go 1.23

require github.com/ory/hydra/v2 v${HYDRA}

replace github.com/gobuffalo/pop/v6 => github.com/ory/pop/v6 v6.2.1-0.20241121111754-e5dfc0f3344b
`,
  'main.go': `package main

import "github.com/ory/hydra/v2/cmd"

func main() { cmd.Execute() }
`,
}

async function prepare(
  projectRoot: string,
  { name, product }: { readonly name: string; readonly product: string },
  commandsIn: (folder: string) => readonly (readonly string[])[],
): Promise<Program> {
  const cache = path.join(projectRoot, '.cache', 'providers')
  const place = path.join(cache, name)
  const done = { path: path.join(place, product) }
  if (existsSync(done.path)) return done
  // Made aside and moved when it is whole, so that what was interrupted is made anew.
  const aside = `${place}.making`
  rmSync(aside, { recursive: true, force: true })
  mkdirSync(aside, { recursive: true })
  const logPath = path.join(cache, `${name}.log`)
  for (const command of commandsIn(aside)) {
    const problem = await run(command, { cwd: aside, logPath })
    if (problem !== undefined) return { skipped: `${name} could not be had: ${problem}` }
  }
  rmSync(place, { recursive: true, force: true })
  renameSync(aside, place)
  return existsSync(done.path) ? done : { skipped: `${name} came without ${product}; see ${logPath}` }
}

/**
 * Undefined when the command succeeded, else what it said last. It runs in the folder that it fills: Maven, without a
 * project, makes one of its own where it stands.
 */
async function run(
  [command = '', ...args]: readonly string[],
  { cwd, logPath }: { readonly cwd: string; readonly logPath: string },
): Promise<string | undefined> {
  const log = openSync(logPath, 'w')
  try {
    const child = spawn(command, args, { cwd, stdio: ['ignore', log, log], timeout: PREPARE_WITHIN_MS })
    const end = await new Promise<number | string>((resolve) => {
      child.once('error', ({ message }) => resolve(message))
      child.once('close', (code, signal) => resolve(code ?? signal ?? 'unknown'))
    })
    if (end === 0) return undefined
    const said = readFileSync(logPath, 'utf8').trimEnd().split('\n').slice(-LOG_TAIL_LINES).join(' | ')
    return `${command} ended with ${end}. ${said}`
  } finally {
    closeSync(log)
  }
}
