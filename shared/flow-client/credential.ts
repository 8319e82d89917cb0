/** What lies over a flow's outgoing call. */
export interface CredentialRequest {
  readonly headers: Readonly<Record<string, string>>
  readonly query: Readonly<Record<string, string>>
  /** The service's own address, where the connection has one. */
  readonly base_url?: string
  /** A whole address that is itself the secret: a webhook's. */
  readonly url?: string
}

/** The vault's answer to a fetch, as it comes. */
export interface CredentialBody<Fields extends string = string> {
  readonly connection_id: string
  readonly app_id: string
  readonly credential_version: number
  readonly expires_at: string | null
  readonly usable_for_seconds: number | null
  readonly request: CredentialRequest
  readonly fields: Readonly<Record<Fields, string>>
}

/** Whether an answer is a credential, and not what a proxy or another server says with the same status. */
export function isCredentialBody(body: object): body is CredentialBody {
  const { connection_id, credential_version, usable_for_seconds, request, fields } = body as Partial<
    Record<keyof CredentialBody, unknown>
  >
  const parts = [request, fields, (request as { headers?: unknown } | undefined)?.headers]
  return (
    typeof connection_id === 'string' &&
    typeof credential_version === 'number' &&
    (usable_for_seconds === null || typeof usable_for_seconds === 'number') &&
    parts.every((part) => typeof part === 'object' && part !== null)
  )
}

/** A credential a flow may send now. Do not keep it: ask for it again when you need it, that is what the cache is for. */
export interface Credential<Fields extends string = string> {
  readonly connectionId: string
  readonly appId: string
  readonly credentialVersion: number
  /** ISO 8601, or null when no end is known. */
  readonly expiresAt: string | null
  readonly request: CredentialRequest
  /** The named parts, for SDKs. */
  readonly fields: Readonly<Record<Fields, string>>
  /** Whole seconds left at this moment; Infinity when no end is known. */
  usableForSeconds(): number
}

const INSPECT = Symbol.for('nodejs.util.inspect.custom')

/** A frozen credential that shows neither `request` nor `fields` when it is printed or turned into JSON. */
export function makeCredential(body: CredentialBody, leftMs: () => number): Credential {
  const shown = {
    connectionId: body.connection_id,
    appId: body.app_id,
    credentialVersion: body.credential_version,
    expiresAt: body.expires_at,
  }
  const redacted = (): object => ({ ...shown, request: '[redacted]', fields: '[redacted]' })
  const credential: Credential = {
    ...shown,
    request: Object.freeze({
      ...body.request,
      headers: Object.freeze({ ...body.request.headers }),
      query: Object.freeze({ ...body.request.query }),
    }),
    fields: Object.freeze({ ...body.fields }),
    usableForSeconds: () => Math.max(0, Math.floor(leftMs() / 1000)),
  }
  Object.defineProperty(credential, 'toJSON', { value: redacted })
  Object.defineProperty(credential, INSPECT, { value: redacted })
  return Object.freeze(credential)
}
