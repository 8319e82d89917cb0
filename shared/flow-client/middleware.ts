import type { Credential, FlowVault, FlowVaultOptions } from './client.ts'
import { createFlowVault, FlowVaultError } from './client.ts'
import { invalidOptions, refuseUnknownOptions, requireNumber } from './client-options.ts'
import { SYSTEM } from './system.ts'

/** A connection's id, or an object where the key needs more said. */
export type ConnectionRef =
  | string
  | { readonly id: string; readonly optional?: boolean; readonly minTtl?: number }

export interface FlowVaultMiddlewareOptions<
  Connections extends Readonly<Record<string, ConnectionRef>>,
  ToContext extends boolean = boolean,
> {
  /**
   * The client to use, or how to make one: then the Lambda function's name is its `flowId`, unless that says another.
   */
  readonly vault?: FlowVault
  readonly client?: FlowVaultOptions
  /** Key → connection id. The keys are where the credentials appear. */
  readonly connections: Connections
  /** Also puts them on `context`, under the same keys. */
  readonly setToContext?: ToContext
  /** Does not begin to fetch when the middleware is made (in Lambda: while the sandbox starts). */
  readonly disablePrefetch?: boolean
}

/** What a key holds: the credential, or for one that is optional perhaps the error that kept it away. */
export type Resolved<Ref> = Ref extends { readonly optional: true } ? Credential | FlowVaultError : Credential

export type ResolvedConnections<Connections extends Readonly<Record<string, ConnectionRef>>> = {
  [Key in keyof Connections]: Resolved<Connections[Key]>
}

/**
 * The members of Lambda's context that middy's handlers are typed with, told here so that no types package is needed.
 */
interface LambdaContext {
  callbackWaitsForEmptyEventLoop: boolean
  functionName: string
  functionVersion: string
  invokedFunctionArn: string
  memoryLimitInMB: string
  awsRequestId: string
  logGroupName: string
  logStreamName: string
  getRemainingTimeInMillis(): number
  done(error?: Error, result?: unknown): void
  fail(error: Error | string): void
  succeed(messageOrObject: unknown): void
}

interface MiddlewareRequest<Context, Internal> {
  // biome-ignore lint/suspicious/noExplicitAny: middy's own request is open here, and `unknown` would not fit it.
  event: any
  context: Context
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  response: any
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  earlyResponse?: any
  error: Error | null
  internal: Internal
}

/** A middy middleware (6 and 7), told by shape: neither middy nor its types are needed to use it. */
export interface FlowVaultMiddleware<Values, OnContext> {
  before?: (
    request: MiddlewareRequest<LambdaContext & OnContext, Record<string, unknown> & Values>,
  ) => Promise<void>
}

const REF_OPTIONS = ['id', 'optional', 'minTtl'] as const
const OPTIONS = ['vault', 'client', 'connections', 'setToContext', 'disablePrefetch'] as const
/** Kept for the answer after the handler: a credential that ends in the last moment is of no use. */
const SPARE_SECONDS = 1

/**
 * Hands a Lambda handler the credentials of its connections, on `request.internal` and, when asked, on `context`. Each
 * is asked for with the invocation's remaining time, so that it outlives the run. One that is `optional` leaves its
 * error under its key instead of failing the invocation.
 */
export function flowVault<
  const Connections extends Readonly<Record<string, ConnectionRef>>,
  const ToContext extends boolean = false,
>(
  options: FlowVaultMiddlewareOptions<Connections, ToContext>,
): FlowVaultMiddleware<
  ResolvedConnections<Connections>,
  ToContext extends true ? ResolvedConnections<Connections> : object
> {
  const wanted = checkOptions(options)
  const vault = options.vault ?? createFlowVault(withFlowId(options.client!))
  const load = async (
    [key, ref]: readonly [string, Exclude<ConnectionRef, string>],
    seconds: number | undefined,
  ): Promise<readonly [string, Credential | FlowVaultError]> => {
    const minTtl = ref.minTtl ?? seconds
    try {
      return [key, await vault.credentials(ref.id, minTtl === undefined ? {} : { minTtl })]
    } catch (error) {
      if (ref.optional === true && FlowVaultError.is(error)) return [key, error]
      throw error
    }
  }
  // Whatever comes of it is asked for again by the first invocation, from memory when it went well.
  if (options.disablePrefetch !== true) for (const entry of wanted) load(entry, undefined).catch(() => {})
  return {
    before: async (request) => {
      const leftMs = request.context.getRemainingTimeInMillis?.()
      const seconds = leftMs === undefined ? undefined : Math.ceil(leftMs / 1000) + SPARE_SECONDS
      const values = Object.fromEntries(await Promise.all(wanted.map((entry) => load(entry, seconds))))
      Object.assign(request.internal, values)
      if (options.setToContext === true) Object.assign(request.context, values)
    },
  }
}

/** A function is the flow that it runs, or the nearest thing to it that has a name. */
function withFlowId(client: FlowVaultOptions): FlowVaultOptions {
  const flowId = client.flowId ?? (client.system ?? SYSTEM).functionName?.()
  return flowId === undefined ? client : { ...client, flowId }
}

function checkOptions(
  options: FlowVaultMiddlewareOptions<Readonly<Record<string, ConnectionRef>>>,
): [string, Exclude<ConnectionRef, string>][] {
  const where = 'flowVault'
  for (const name of Object.keys(options ?? {}))
    if (/^aws/i.test(name))
      throw invalidOptions(
        where,
        `${name} is for AWS clients, and this middleware uses none; to call the vault's function itself pass client: { invoke }`,
      )
  refuseUnknownOptions(where, options, OPTIONS)
  if ((options.vault === undefined) === (options.client === undefined))
    throw invalidOptions(where, 'pass vault (a client of createFlowVault) or client (its options)')
  const entries = Object.entries(options.connections ?? {})
  if (entries.length === 0)
    throw invalidOptions(where, 'connections maps keys to connection ids, such as { twilio: "ac_…" }')
  return entries.map(([key, given]) => {
    const ref = typeof given === 'string' ? { id: given } : given
    if (!/^[A-Za-z_$][\w$]*$/.test(key))
      throw invalidOptions(where, `connections: "${key}" is no identifier, and a handler could not name it`)
    if (typeof ref?.id !== 'string' || ref.id === '')
      throw invalidOptions(where, `connections.${key} is the id of a connection, such as "ac_…"`)
    refuseUnknownOptions(`${where}: connections.${key}`, ref, REF_OPTIONS)
    if (ref.minTtl !== undefined) requireNumber(where, `connections.${key}.minTtl`, ref.minTtl, 0)
    return [key, ref]
  })
}
