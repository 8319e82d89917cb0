import { readNews } from './change-message.ts'
import {
  invalidOptions,
  isAddress,
  refuseUnknownOptions,
  requireConnectionId,
  requireFlowId,
  requireFunction,
  requireNumber,
  requireTimeout,
} from './client-options.ts'
import type { Credential } from './credential.ts'
import { CredentialCache } from './credential-cache.ts'
import { fetchWithCredential, type VaultFetchInit } from './credential-fetch.ts'
import { type ClientEvent, CredentialSource, type CredentialsOptions } from './credential-source.ts'
import { ElapsedClock } from './elapsed-clock.ts'
import { FlowVaultError } from './flow-vault-error.ts'
import { followFeed } from './follow-feed.ts'
import { type ClientSystem, SYSTEM } from './system.ts'
import { clientCredentialsTokens, type TokenSource } from './token-source.ts'
import { type UseOptions, useCredential } from './use-credential.ts'
import { VaultCalls } from './vault-calls.ts'
import { httpTransport, type Invoke, invokeTransport } from './vault-transport.ts'
import { verifyWebhookAt, type WebhookHeaders } from './verify-webhook.ts'

export type {
  ClientEvent,
  Credential,
  CredentialsOptions,
  Invoke,
  TokenSource,
  UseOptions,
  VaultFetchInit,
  WebhookHeaders,
}
export { FlowVaultError }

export interface FlowVaultOptions {
  /** Where the vault is, such as `https://vault.example.com`; a path in it is kept. */
  readonly url: string
  readonly clientId?: string
  readonly clientSecret?: string
  /** In place of id and secret: hands out an access token for the vault. */
  readonly getToken?: TokenSource
  /** The issuer's token endpoint; `<url>/oauth/token` by default, which the vault answers or hands on. */
  readonly tokenUrl?: string
  /** The audience of the token; `<url>/api/v2/` by default. */
  readonly audience?: string
  /** Who is asking, so that the vault's audit and usage name the flow: its id at its own platform. */
  readonly flowId?: string
  /**
   * After how many ms a held credential is compared with the vault's: 5,000. A freeze reaches a flow within this and a
   * second.
   */
  readonly revalidateAfterMs?: number
  /** Of one request to the vault: 10,000. */
  readonly timeoutMs?: number
  /** What the cache may hold, in bytes: 16 MiB. */
  readonly maxCacheBytes?: number
  /** Calls the vault's function itself (AWS): takes an event as JSON text, resolves to the function's JSON text. */
  readonly invoke?: Invoke
  readonly fetch?: typeof fetch
  /** Told of fetches and of stale credentials, for metrics; never given a secret. */
  readonly onEvent?: (event: ClientEvent) => void
  /** Clocks, pauses and chance, for tests. */
  readonly system?: ClientSystem
}

export interface FlowVault {
  /**
   * A credential that lasts: from memory where that is right, from the vault otherwise. Rejects with FlowVaultError.
   */
  credentials(id: string, options?: CredentialsOptions): Promise<Credential>
  /** `fetch` with the credential laid over, which never reaches another origin than the connection's. */
  fetch(id: string, url?: string | URL, init?: VaultFetchInit): Promise<Response>
  /**
   * Runs a function with the credential, for SDKs that make their own calls. When it fails with a refusal (an error
   * with `status` or `statusCode` 401, unless told otherwise) the version is reported, and it runs once more with a
   * newer one.
   */
  use<T>(id: string, run: (credential: Credential) => Promise<T>, options?: UseOptions): Promise<T>
  /** Reports that the service refused this version; resolves to whether a newer one is there. */
  rejected(credential: Credential, options?: { readonly signal?: AbortSignal }): Promise<boolean>
  /** Takes news of a change: an event of the feed, a webhook's body, an EventBridge event, or a connection's id. */
  invalidate(news: unknown): void
  /** Follows the tenant's feed until the signal ends it, and obeys what it tells. Needs `read:flows_vault_events`. */
  follow(options: { readonly signal: AbortSignal }): Promise<void>
}

const DEFAULT_REVALIDATE_AFTER_MS = 5_000
const DEFAULT_TIMEOUT_MS = 10_000
const DEFAULT_CACHE_BYTES = 16 * 1024 * 1024
const USER_AGENT = 'flow-vault-client'
const OPTIONS: readonly (keyof FlowVaultOptions)[] = [
  ...(['url', 'clientId', 'clientSecret', 'getToken', 'tokenUrl', 'audience', 'flowId'] as const),
  ...(['revalidateAfterMs', 'timeoutMs', 'maxCacheBytes', 'invoke', 'fetch', 'onEvent', 'system'] as const),
]

/** A client for flows. Creating one touches neither the network nor a clock's timer; credentials stay in memory. */
export function createFlowVault(options: FlowVaultOptions): FlowVault {
  const url = checkOptions(options)
  const system = options.system ?? SYSTEM
  const clock = new ElapsedClock(system)
  // Looked up at the call, so that a test or a tracer may still replace the global one.
  const fetchNow: typeof fetch = options.fetch ?? ((input, init) => fetch(input, init))
  const token = options.getToken ?? ownTokens(options, url, fetchNow, clock)
  const transport =
    options.invoke === undefined
      ? httpTransport(url, fetchNow)
      : invokeTransport(options.invoke, new URL(url).host)
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS
  const told = { 'user-agent': USER_AGENT, ...(options.flowId && { 'x-flow-id': options.flowId }) }
  const calls = new VaultCalls({ transport, token, system, timeoutMs, headers: told, url })
  const source = new CredentialSource({
    cache: new CredentialCache(options.maxCacheBytes ?? DEFAULT_CACHE_BYTES, clock),
    calls,
    clock,
    system,
    revalidateAfterMs: options.revalidateAfterMs ?? DEFAULT_REVALIDATE_AFTER_MS,
    ...(options.onEvent === undefined ? {} : { onEvent: options.onEvent }),
  })
  const reportRejected = async (id: string, version: number, signal: AbortSignal): Promise<boolean> => {
    const renewed = await calls.reportRejected(id, version, signal)
    source.invalidate(id, false)
    return renewed
  }
  const credentials = (id: string, ask?: CredentialsOptions): Promise<Credential> => source.get(id, ask ?? {})
  return {
    credentials,
    use: (id, run, ask) => useCredential({ credentials, reportRejected }, id, run, ask),
    fetch: (id, target = '', init) =>
      fetchWithCredential({ credentials, reportRejected, fetch: fetchNow }, id, target, init),
    async rejected(credential, { signal } = {}) {
      const { connectionId, credentialVersion } = credential ?? ({} as never)
      requireConnectionId(connectionId)
      return reportRejected(connectionId, credentialVersion, signal ?? new AbortController().signal)
    },
    invalidate(message) {
      const news =
        typeof message === 'string' && message.startsWith('ac_')
          ? { connectionId: message, gone: false }
          : readNews(message)
      if (news !== undefined) source.invalidate(news.connectionId, news.gone)
    },
    async follow({ signal } = {} as never) {
      if (typeof signal?.aborted !== 'boolean')
        throw invalidOptions('follow', 'pass { signal }, an AbortSignal that ends it')
      await followFeed({
        calls,
        system,
        signal,
        onNews: ({ connectionId, gone }) => source.invalidate(connectionId, gone),
        onGap: () => source.invalidateAll(),
      })
    },
  }
}

/**
 * Verifies a message of a subscription and returns its parsed body, ready for `invalidate`. Pass the raw body as it
 * arrived, and every secret in force. Throws FlowVaultError `invalid_webhook`, which says what was wrong.
 */
export function verifyWebhook(
  rawBody: string | ArrayBuffer | Uint8Array,
  headers: WebhookHeaders,
  secrets: string | readonly string[],
): Promise<unknown> {
  return verifyWebhookAt(rawBody, headers, secrets, { nowMs: SYSTEM.wallMs() })
}

/** The vault's address without a slash at its end; throws `invalid_options` for what cannot work. */
function checkOptions(options: FlowVaultOptions): string {
  const where = 'createFlowVault'
  refuseUnknownOptions(where, options, OPTIONS)
  if (!isAddress(options.url))
    throw invalidOptions(
      where,
      "url is the vault's address and nothing behind it, such as https://vault.example.com",
    )
  if (options.tokenUrl !== undefined && !isAddress(options.tokenUrl, { withQuery: true }))
    throw invalidOptions(where, 'tokenUrl is an address, such as https://login.example.com/oauth/token')
  for (const name of ['getToken', 'invoke', 'fetch', 'onEvent'] as const)
    requireFunction(where, name, options[name])
  for (const name of ['clientId', 'clientSecret', 'audience'] as const)
    if (options[name] !== undefined && typeof options[name] !== 'string')
      throw invalidOptions(where, `${name} is text`)
  const hasClient = Boolean(options.clientId) && Boolean(options.clientSecret)
  if (hasClient === (options.getToken !== undefined))
    throw invalidOptions(where, 'pass clientId and clientSecret, or getToken')
  for (const name of ['revalidateAfterMs', 'maxCacheBytes'] as const)
    if (options[name] !== undefined) requireNumber(where, name, options[name], 0)
  if (options.flowId !== undefined) requireFlowId(where, options.flowId)
  if (options.timeoutMs !== undefined) requireTimeout(where, 'timeoutMs', options.timeoutMs)
  const { origin, pathname } = new URL(options.url)
  return `${origin}${pathname.replace(/\/+$/, '')}`
}

function ownTokens(
  options: FlowVaultOptions,
  url: string,
  fetchNow: typeof fetch,
  clock: ElapsedClock,
): TokenSource {
  return clientCredentialsTokens({
    tokenUrl: options.tokenUrl ?? `${url}/oauth/token`,
    audience: options.audience ?? `${url}/api/v2/`,
    clientId: options.clientId!,
    clientSecret: options.clientSecret!,
    fetch: fetchNow,
    clock,
  })
}
