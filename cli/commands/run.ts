import { spawn } from 'node:child_process'
import fs from 'node:fs'
import { constants } from 'node:os'
import { createFlowVault, type FlowVault, FlowVaultError } from '../../shared/flow-client/client.ts'
import { FLOW_ID } from '../../shared/flow-client/client-options.ts'
import type { Credential } from '../../shared/flow-client/credential.ts'
import { type Command, type CommandContext, type Input, text } from '../cli-command.ts'
import { CliError, EXIT, fileFailure } from '../cli-error.ts'

const DEFAULT_MIN_TTL_SECONDS = 300
/** Between the request to end and the end, when a program is started again. */
const GRACE_MS = 10_000
/** How often a running program's credentials are compared with the vault's. */
const COMPARE_EVERY_MS = 5_000
/** What `env` and `op run` end with when they themselves failed. */
const OWN_FAILURE = 125
const REFERENCE = /^flow-vault:\/\/(ac_[A-Za-z0-9]+)\/([A-Za-z0-9_.-]+)$/
const ASSIGNMENT = /^([A-Za-z_]\w*)=(ac_[A-Za-z0-9]+):([A-Za-z0-9_.-]+)$/
/** Ours alone: the program gets the credentials, not the keys to the vault. */
const OUR_VARIABLES = ['FLOW_VAULT_TOKEN', 'FLOW_VAULT_CLIENT_ID', 'FLOW_VAULT_CLIENT_SECRET']

const FLOW = { flags: '--flow <id>', about: 'the flow that this is: audit and usage of the vault name it' }

interface Wanted {
  readonly variable: string
  readonly id: string
  readonly field: string
}

/** Starts a program with credentials as variables of its environment. */
export const RUN_COMMANDS: readonly Command[] = [
  {
    name: ['run'],
    about: 'Run a program with credentials in its environment',
    passesThrough: true,
    args: [{ name: 'command', about: 'after --: the program and its arguments', variadic: true }],
    options: [
      {
        flags: '--env <variable=id:field>',
        about: 'such as TWILIO_TOKEN=ac_…:auth_token; may be repeated',
        repeats: true,
      },
      { flags: '--env-file <file>', about: 'lines NAME=value; a value may be flow-vault://ac_…/field' },
      { flags: '--min-ttl <seconds>', about: 'refuse credentials that end sooner; 300 when not said' },
      FLOW,
      { flags: '--watch', about: 'start the program again when a credential changes' },
    ],
    example: 'flow-vault run --env TWILIO_TOKEN=ac_…:auth_token -- node flow.js',
    run: runProgram,
  },
  {
    name: ['read'],
    about: 'Print one field of a credential, to a pipe',
    args: [
      { name: 'id', about: 'the connection, ac_…' },
      { name: 'field', about: 'such as token' },
    ],
    options: [FLOW, { flags: '--reveal', about: 'print it although this is a terminal' }],
    async run(context, input) {
      if (context.terminal.stdoutIsTerminal && input.options['reveal'] !== true)
        throw new CliError('This would show a secret on the screen. Pipe it on, or add --reveal.')
      const credential = await fetchOne(vaultOf(context, input), input.args['id']!, 0)
      context.terminal.out(`${fieldOf(credential, input.args['field']!)}\n`)
    },
  },
]

async function runProgram(context: CommandContext, input: Input): Promise<undefined> {
  if (input.rest.length === 0)
    throw new CliError('Which program? Such as: flow-vault run --env A=ac_…:token -- node flow.js')
  const plain = { ...context.terminal.env }
  for (const name of OUR_VARIABLES) delete plain[name]
  const wanted = wantedOf(input, plain)
  const seconds = Number(text(input, 'minTtl') ?? DEFAULT_MIN_TTL_SECONDS)
  if (!Number.isInteger(seconds) || seconds < 0)
    throw new CliError('--min-ttl is a whole number of seconds, such as 300.')
  const vault = vaultOf(context, input)
  for (;;) {
    const credentials = await fetchAll(context, vault, wanted, seconds)
    const env = { ...plain }
    for (const { variable, id, field } of wanted) env[variable] = fieldOf(credentials.get(id)!, field)
    const changed = input.options['watch'] === true ? changeWatch(context, vault, credentials) : undefined
    const code = await untilEnd(context, input.rest, env, changed)
    if (code !== 'again') {
      process.exitCode = code
      return undefined
    }
    context.terminal.err('A credential changed: starting again.\n')
  }
}

/** From `--env`, and every variable whose value is a reference. A file's plain lines go into `plain`. */
function wantedOf(input: Input, plain: Record<string, string | undefined>): Wanted[] {
  const file = text(input, 'envFile')
  if (file !== undefined) Object.assign(plain, readEnvFile(file))
  const wanted: Wanted[] = []
  for (const given of (input.options['env'] as readonly string[] | undefined) ?? []) {
    const [, variable, id, field] = ASSIGNMENT.exec(given) ?? []
    if (variable === undefined)
      throw new CliError(`--env "${given.slice(0, 60)}" is not of the form VARIABLE=ac_…:field.`)
    wanted.push({ variable, id: id!, field: field! })
  }
  for (const [variable, value] of Object.entries(plain)) {
    const [, id, field] = REFERENCE.exec(value ?? '') ?? []
    if (id !== undefined) wanted.push({ variable, id, field: field! })
  }
  return wanted
}

function readEnvFile(file: string): Record<string, string> {
  let content: string
  try {
    content = fs.readFileSync(file, 'utf8')
  } catch (error) {
    throw fileFailure('read', file, error)
  }
  const lines = content
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !line.trimStart().startsWith('#'))
  return Object.fromEntries(
    lines.map((line) => {
      const [, name, value] = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line) ?? []
      if (name === undefined) throw new CliError(`${file} has a line that is not NAME=value.`)
      return [name, /^(["']).*\1$/.test(value!) ? value!.slice(1, -1) : value!]
    }),
  )
}

function vaultOf(context: CommandContext, input: Input): FlowVault {
  const flowId = text(input, 'flow')
  if (flowId !== undefined && !FLOW_ID.test(flowId))
    throw new CliError('--flow is up to 100 letters, digits and _ . : -, such as orders-nightly.')
  const api = context.api()
  const named = flowId === undefined ? {} : { flowId }
  const { fetch } = context.terminal
  return createFlowVault({ url: api.vault.url, getToken: () => api.token(), fetch, ...named })
}

async function fetchAll(
  context: CommandContext,
  vault: FlowVault,
  wanted: readonly Wanted[],
  seconds: number,
): Promise<Map<string, Credential>> {
  const credentials = new Map<string, Credential>()
  for (const { id } of wanted) {
    const credential = credentials.get(id) ?? (await fetchOne(vault, id, seconds))
    if (credential.usableForSeconds() < seconds)
      throw new CliError(
        `${id} is good for ${credential.usableForSeconds()} s only, and the program's copy is never renewed. Lower --min-ttl, or let the program use the flow client.`,
        EXIT.person,
      )
    if (!credentials.has(id) && credential.expiresAt !== null)
      context.terminal.err(`${id} holds until ${credential.expiresAt}.\n`)
    credentials.set(id, credential)
  }
  return credentials
}

async function fetchOne(vault: FlowVault, id: string, minTtl: number): Promise<Credential> {
  try {
    return await vault.credentials(id, { minTtl })
  } catch (error) {
    if (!FlowVaultError.is(error)) throw error
    const code = error.personNeeded ? EXIT.person : error.retryable ? EXIT.unavailable : EXIT.usage
    throw new CliError(`${error.message}${error.personNeeded ? ` See ${error.link}` : ''}`, code)
  }
}

function fieldOf(credential: Credential, field: string): string {
  const value = Object.hasOwn(credential.fields, field) ? credential.fields[field] : undefined
  if (value !== undefined) return value
  throw new CliError(
    `${credential.connectionId} has no field ${field}. There are: ${Object.keys(credential.fields).join(', ') || 'none'}.`,
  )
}

/** Resolves when one of the credentials is another version; the vault being away is no change. */
async function changeWatch(
  context: CommandContext,
  vault: FlowVault,
  credentials: ReadonlyMap<string, Credential>,
): Promise<void> {
  for (;;) {
    await context.terminal.pause(COMPARE_EVERY_MS)
    for (const [id, { credentialVersion }] of credentials) {
      const now = await vault.credentials(id, { minTtl: 0 }).catch(() => undefined)
      if (now !== undefined && now.credentialVersion !== credentialVersion) return
    }
  }
}

/** The program's exit code (128 + n by a signal), or that it is to be started again. */
function untilEnd(
  context: CommandContext,
  [program, ...args]: readonly string[],
  env: Record<string, string | undefined>,
  changed: Promise<void> | undefined,
): Promise<number | 'again'> {
  return new Promise((resolve, reject) => {
    const child = spawn(program!, args, {
      stdio: 'inherit',
      env: env as NodeJS.ProcessEnv,
      cwd: context.terminal.cwd,
    })
    let again = false
    let over = false
    const pass = (signal: NodeJS.Signals): void => void child.kill(signal)
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
    for (const signal of signals) process.on(signal, pass)
    const finish = (): void => {
      for (const signal of signals) process.off(signal, pass)
      over = true
    }
    child.once('error', (error: NodeJS.ErrnoException) => {
      finish()
      const why = error.code === 'ENOENT' ? 'there is no such program' : (error.code ?? 'unknown reason')
      context.terminal.err(`Cannot start ${program}: ${why}.\n`)
      resolve(OWN_FAILURE)
    })
    child.once('exit', (code, signal) => {
      finish()
      resolve(again ? 'again' : (code ?? 128 + (constants.signals[signal!] ?? 0)))
    })
    changed?.then(() => {
      again = true
      child.kill('SIGTERM')
      void context.terminal.pause(GRACE_MS).then(() => over || child.kill('SIGKILL'))
    }, reject)
  })
}
