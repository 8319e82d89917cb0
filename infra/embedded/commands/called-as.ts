import path from 'node:path'

/** The commands of the server, as a checkout calls them. */
type CommandName =
  | 'start'
  | 'open'
  | 'token'
  | 'client'
  | 'rotate-key'
  | 'rotate-issuer-key'
  | 'backup'
  | 'restore'

interface Call {
  /** What follows the name. */
  readonly words?: string
  /** The data folder that it is for; left out where the command looks by itself. */
  readonly folder?: string
  readonly isPackage?: boolean
}

/** The build makes one file of modules, beside which there are no npm scripts: a package, a container, a service. */
const IS_PACKAGE = !import.meta.url.endsWith('.ts')
const OTHER_NAME_IN_PACKAGE: Readonly<Partial<Record<CommandName, string>>> = { client: 'clients' }

/** How a person calls a command from where this vault was started: what is shown can be pasted into a shell. */
export function calledAs(name: CommandName, call: Call = {}): string {
  const { words = '', folder, isPackage = IS_PACKAGE } = call
  const data = folder === undefined || folder === path.resolve('.flow-vault') ? undefined : quoted(folder)
  const setting = data === undefined ? '' : `FLOW_VAULT_DATA=${data} `
  // Of the package every command takes the variable, and `token`, which is the command line's own, no option.
  if (isPackage)
    return `${setting}flow-vault ${OTHER_NAME_IN_PACKAGE[name] ?? name}${words === '' ? '' : ` ${words}`}`
  if (name === 'start') return `${setting}npm start`
  const rest = [words, data === undefined ? '' : `--data ${data}`].filter((each) => each !== '')
  return `npm run -s ${name}${rest.length === 0 ? '' : ` -- ${rest.join(' ')}`}`
}

/** The lines that say how a command is used: what follows its name, and what that does. */
export function usageOf(name: CommandName, uses: readonly (readonly [string, string])[]): string {
  const calls = uses.map(([words, about]) => ({ call: calledAs(name, { words }), about }))
  const width = Math.max(...calls.map(({ call }) => call.length))
  return `Usage:\n${calls.map(({ call, about }) => `  ${call.padEnd(width)}   ${about}`.trimEnd()).join('\n')}`
}

function quoted(folder: string): string {
  return /^[\w/.,:@%+-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", "'\\''")}'`
}
