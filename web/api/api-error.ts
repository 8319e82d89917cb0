/** What is wrong with one member of what was sent. */
export interface FieldError {
  /** Such as `setup.api_key`. */
  readonly path: string
  readonly message: string
  /** What would have been accepted, where the server says it. */
  readonly allowed?: string | undefined
}

/** An answer that is none, or a refusal, in the server's own words. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: string | undefined
  readonly fields: readonly FieldError[]
  readonly retryAfterSeconds: number | undefined
  readonly requestId: string | undefined

  constructor(answer: {
    message: string
    status: number
    code?: string | undefined
    fields?: readonly FieldError[]
    retryAfterSeconds?: number | undefined
    requestId?: string | undefined
  }) {
    super(answer.message)
    this.status = answer.status
    this.code = answer.code
    this.fields = answer.fields ?? []
    this.retryAfterSeconds = answer.retryAfterSeconds
    this.requestId = answer.requestId
  }

  /** True when the same request may succeed later: no line, too many requests, a store or provider away. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }

  /** True when somebody has to sign in. */
  get isSignedOut(): boolean {
    return this.status === 401
  }
}

/** There was no answer: the vault is away, or the line to it. */
export function noAnswer(): ApiError {
  return new ApiError({ status: 0, message: 'The vault did not answer. Nothing was changed.' })
}

/** The error of an answer that is no success. */
export async function errorOf(response: Response): Promise<ApiError> {
  const body = (await response.json().catch(() => ({}))) as {
    message?: string
    errorCode?: string
    errors?: readonly { path?: string; message: string; allowed?: string }[]
  }
  const message = body.message ?? `The vault answered ${response.status}.`
  const seconds = Number(response.headers.get('retry-after'))
  return new ApiError({
    message,
    status: response.status,
    code: body.errorCode,
    fields:
      body.errors?.map(({ path = '', message: text, allowed }) => ({ path, message: text, allowed })) ??
      fieldsIn(message),
    retryAfterSeconds: Number.isFinite(seconds) && seconds > 0 ? seconds : undefined,
    requestId: response.headers.get('x-request-id') ?? undefined,
  })
}

/** A sentence that names one field: `Payload validation error: 'reason' on property setup.token (allowed).` */
function fieldsIn(message: string): FieldError[] {
  const [, reason, path, allowed] =
    /^[A-Za-z]+ validation error: '(.*)' on property ([\w.]+)(?: \((.*)\))?\.$/s.exec(message) ?? []
  if (reason === undefined || path === undefined) return []
  return [{ path, message: reason, allowed }]
}
