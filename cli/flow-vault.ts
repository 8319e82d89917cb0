import { spawn } from 'node:child_process'
import timers from 'node:timers/promises'
import { password, select, text } from '@clack/prompts'
import packageJson from '../package.json' with { type: 'json' }
import { COMMANDS } from './command-table.ts'
import { runCommandLine } from './program.ts'
import type { Terminal } from './terminal.ts'

const stopped = new AbortController()
/** What opens an address on each system. */
const OPENERS: Readonly<Record<string, readonly string[]>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
}

const answered = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

const terminal: Terminal = {
  env: process.env,
  cwd: process.cwd(),
  fetch: (input, init) => fetch(input, init),
  stdinIsTerminal: process.stdin.isTTY === true,
  stdoutIsTerminal: process.stdout.isTTY === true,
  async readStdin() {
    const chunks: Buffer[] = []
    for await (const chunk of process.stdin) chunks.push(chunk as Buffer)
    return Buffer.concat(chunks).toString('utf8')
  },
  out: (line) => void process.stdout.write(line),
  err: (line) => void process.stderr.write(line),
  askSecret: async (message) => answered(await password({ message })),
  askText: async (message, initial) =>
    answered(await text({ message, ...(initial === undefined ? {} : { initialValue: initial }) })),
  askChoice: async (message, choices) => answered(await select({ message, options: [...choices] })),
  openBrowser(url) {
    const [program, ...args] = OPENERS[process.platform] ?? ['xdg-open']
    // A machine without a browser is no failure: the address was printed.
    spawn(program!, [...args, url], { stdio: 'ignore', detached: true })
      .on('error', () => {})
      .unref()
  },
  pause: (ms) => timers.setTimeout(ms, undefined, { signal: stopped.signal }),
  nowMs: () => Date.now(),
  signal: stopped.signal,
}

// The server and a program that is run have handlers of their own; these end what waits in this process.
const ownsSignals = ['start', 'run'].includes(process.argv[2] ?? '')
if (!ownsSignals) {
  // Whoever read the output has enough of it, such as `head`: the command is done, and nobody is left to tell.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
      process.exit()
    })
  process.once('SIGINT', () => {
    stopped.abort(new Error('stopped by the person at the keyboard'))
    process.exitCode = 130
  })
}

const code = await runCommandLine(process.argv.slice(2), terminal, COMMANDS, packageJson.version)
if (code !== 0) process.exitCode = code
