import path from 'node:path'
import { SystemClock } from '../../../shared/adapters/system/system-clock.ts'
import { SystemRandom } from '../../../shared/adapters/system/system-random.ts'
import { ALL_SCOPES } from '../../../shared/domain/scopes.ts'
import { createPrivateFolder } from '../data-folder.ts'
import { requireOwnFolder } from '../folder/own-folder.ts'
import { ClientRegistry } from '../issuer/client-registry.ts'
import { usageOf } from './called-as.ts'
import { dataFolderOf, parseCommand } from './command.ts'
import { noteCommand } from './note-command.ts'

/*
 * `npm run -s client -- add|list|remove`: the clients of the built-in issuer. Works whether or not the server runs,
 * which sees a change within a second.
 */

const USES = [
  ['add --name NAME --tenant TENANT [--scopes "SCOPE SCOPE …"]', ''],
  ['list [--json]', ''],
  ['remove CLIENT_ID', ''],
] as const
const USAGE = `${usageOf('client', USES)}
Options: --data FOLDER (FLOW_VAULT_DATA, or .flow-vault). Without --scopes a client has all of them:
  ${ALL_SCOPES.join('\n  ')}`

const OPTIONS = {
  name: { type: 'string' },
  tenant: { type: 'string' },
  scopes: { type: 'string' },
  data: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

class UsageError extends Error {}

try {
  process.stdout.write(run(process.argv.slice(2)))
} catch (error) {
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`${message}${error instanceof UsageError ? `\n\n${USAGE}` : ''}\n`)
  process.exitCode = 2
}

function run(args: string[]): string {
  const { values, positionals } = parseCommand({ args, allowPositionals: true, options: OPTIONS }, USAGE)
  const [verb, ...rest] = positionals
  if (values.help === true || verb === undefined) return `${USAGE}\n`
  const folder = dataFolderOf(values.data, process.env)
  createPrivateFolder(folder)
  requireOwnFolder(folder)
  const clock = new SystemClock()
  const registry = ClientRegistry.open(path.join(folder, 'clients.json'), {
    clock,
    random: new SystemRandom(),
  })
  if (verb === 'add' && rest.length === 0) return add(registry, values)
  if (verb === 'list' && rest.length === 0) return list(registry, values.json === true)
  if (verb === 'remove' && rest.length === 1) return remove(registry, rest[0]!)
  if (verb === 'remove' && rest.length === 0) throw new UsageError('Which client? Give its CLIENT_ID.')
  throw new UsageError(`"${[verb, ...rest].join(' ')}" is not a command.`)
}

function add(registry: ClientRegistry, values: { name?: string; tenant?: string; scopes?: string }): string {
  if (values.name === undefined || values.tenant === undefined) {
    throw new UsageError('A client needs --name and --tenant.')
  }
  const scopes = values.scopes === undefined ? [...ALL_SCOPES] : values.scopes.split(/[\s,]+/).filter(Boolean)
  const { client, secret } = registry.add({ name: values.name, tenant: values.tenant, scopes })
  const shown = {
    client_id: client.client_id,
    client_secret: secret.reveal(),
    tenant: client.tenant,
    scopes: client.scopes,
  }
  noteCommand('add-client', client.tenant, client.client_id)
  process.stderr.write('The secret is shown this once.\n')
  return `${JSON.stringify(shown, null, 2)}\n`
}

function list(registry: ClientRegistry, asJson: boolean): string {
  const clients = registry.list().map(({ secret_hash: _hidden, ...shown }) => shown)
  if (asJson) return `${JSON.stringify(clients, null, 2)}\n`
  if (clients.length === 0) return 'No clients yet.\n'
  return clients
    .map(
      ({ client_id: id, name, tenant, scopes }) =>
        `${id}  ${name}  tenant ${tenant}  ${scopes.length} ${scopes.length === 1 ? 'scope' : 'scopes'}\n`,
    )
    .join('')
}

function remove(registry: ClientRegistry, clientId: string): string {
  if (!registry.remove(clientId)) throw new Error(`There is no client ${clientId}.`)
  noteCommand('remove-client', undefined, clientId)
  return `Removed ${clientId}. Its tokens are refused within a second.\n`
}
