import * as z from 'zod/mini'
import { errorResponses, GUARDED } from '../../../functions/api/common-schemas.ts'
import { createHttpHandler, type HttpHandler, type HttpPorts } from '../../../functions/http-handler.ts'
import { defineRoute, type Route } from '../../../functions/route.ts'
import { VaultError } from '../../../shared/domain/errors.ts'
import { ALL_SCOPES, type Scope } from '../../../shared/domain/scopes.ts'
import type { ItemStore } from '../../../shared/ports/item-store.ts'
import type { Caller } from '../../../shared/ports/token-verifier.ts'
import { LockedError } from '../data-folder.ts'
import { CLIENT_NAME, type ClientRegistry, type RegisteredClient } from './client-registry.ts'

const PATH = '/api/v2/flows/vault/clients'
/** The list is read and written as a whole; more programs than this share one client, or are added at the machine. */
const MAX_CLIENTS = 200
/** A change waits for the disk twice in the thread that answers everybody: of those a tenant has ten a second. */
const CHANGE_UNITS = 50

interface ClientPorts extends HttpPorts {
  readonly clients: ClientRegistry
  /** What permits narrow: who is narrowed by them makes no client that is not. */
  readonly items: ItemStore
}

/** Whoever asks needs every scope there is, as the first client has: a new client may be given any of them. */
const TERMS = { function: 'api', scopes: ALL_SCOPES, tag: 'Clients' } as const

const listRoute = defineRoute({
  ...TERMS,
  name: 'list-own-clients',
  method: 'GET',
  path: PATH,
  summary: 'The clients of the built-in issuer that work for the tenant',
  responses: { 200: { description: 'Without their secrets.' }, ...errorResponses(...GUARDED) },
  async handle({ caller }, { clients }: ClientPorts) {
    requireEveryScope(caller)
    return { status: 200, body: ofTenant(clients, caller).map(shown) }
  },
})

const addRoute = defineRoute({
  ...TERMS,
  name: 'add-client',
  method: 'POST',
  path: PATH,
  summary: 'Add a client for the tenant',
  bodySchema: z.strictObject({
    name: z.string().check(z.minLength(1), z.maxLength(100), z.regex(CLIENT_NAME)),
    scopes: z.optional(z.array(z.enum(ALL_SCOPES as [Scope, ...Scope[]])).check(z.minLength(1))),
  }),
  responses: {
    201: { description: 'With its secret, this once.' },
    ...errorResponses(...GUARDED, 409, 413, 415),
  },
  async handle({ caller, body }, ports: ClientPorts) {
    requireEveryScope(caller)
    if (ofTenant(ports.clients, caller).length >= MAX_CLIENTS) {
      throw new VaultError('conflict', `There are ${MAX_CLIENTS} clients already. Remove some.`)
    }
    const { name, scopes = ALL_SCOPES } = body
    const added = change(ports, caller, () => ports.clients.add({ name, tenant: caller.tenant, scopes }))
    return { status: 201, body: { ...shown(added.client), client_secret: added.secret.reveal() } }
  },
})

const removeRoute = defineRoute({
  ...TERMS,
  name: 'remove-client',
  method: 'DELETE',
  path: `${PATH}/{id}`,
  summary: 'Remove a client of the tenant',
  pathSchema: z.object({ id: z.string() }),
  responses: { 204: { description: 'It is removed.' }, ...errorResponses(...GUARDED, 404) },
  async handle({ caller, path }, ports: ClientPorts) {
    requireEveryScope(caller)
    const isOurs = ofTenant(ports.clients, caller).some(({ client_id }) => client_id === path.id)
    if (!isOurs || !change(ports, caller, () => ports.clients.remove(path.id)))
      throw new VaultError('not-found', 'Client not found')
    return { status: 204 }
  },
})

/**
 * The clients of the built-in issuer, over HTTP, through the chain that every route of the API passes. Whoever asks
 * sees and makes those of their own tenant. None are answered for where there is no such issuer.
 */
export function clientRoutes(ports: ClientPorts): { routes: readonly Route<never>[]; handler: HttpHandler } {
  const routes: readonly Route<ClientPorts>[] = [listRoute, addRoute, removeRoute]
  return { routes: routes as readonly Route<never>[], handler: createHttpHandler(routes, ports) }
}

function requireEveryScope({ scopes }: Caller): void {
  const lacked = ALL_SCOPES.find((scope) => !scopes.has(scope))
  if (lacked === undefined) return
  throw new VaultError('insufficient-scope', `Insufficient scope, expected any of: ${lacked}`)
}

function ofTenant(clients: ClientRegistry, { tenant }: Caller): readonly RegisteredClient[] {
  return clients.list().filter((client) => client.tenant === tenant)
}

/** A change of the list, which another process may be at. */
function change<Result>({ budgets }: ClientPorts, { tenant }: Caller, make: () => Result): Result {
  budgets.charge({ budget: 'requests', of: tenant }, CHANGE_UNITS)
  try {
    return make()
  } catch (error) {
    if (!(error instanceof LockedError)) throw error
    throw new VaultError('store-unavailable', 'The list of clients is being changed. Try again.', {
      retryAfterSeconds: 1,
    })
  }
}

function shown({ client_id, name, scopes, created_at }: RegisteredClient): Record<string, unknown> {
  return { client_id, name, scopes, created_at }
}
