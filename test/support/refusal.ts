import type { RawAnswer } from './raw-http.ts'

/** What a refusal has to say, beside its shape and the headers that every answer carries. */
export interface Refusal {
  readonly status: number
  readonly errorCode?: string
  /** Parts of the message: the field, the reason, what is allowed. */
  readonly says: readonly string[]
}

const ERRORS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  404: 'Not Found',
  408: 'Request Timeout',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Entity',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
}

/** A fetched answer in the form of one read off the wire. */
export async function readAnswer(response: Response): Promise<RawAnswer> {
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
  }
}

/** Asserts Auth0's error shape, the words, and the headers of every answer; `around` is the test's present. */
export function expectRefusal(answer: RawAnswer, wanted: Refusal): void {
  const { message, errors, ...body } = JSON.parse(answer.body)
  expect(body).toEqual({
    statusCode: wanted.status,
    error: ERRORS[wanted.status],
    ...(wanted.errorCode === undefined ? {} : { errorCode: wanted.errorCode }),
  })
  expect(answer.status).toBe(wanted.status)
  for (const part of wanted.says) expect(message).toContain(part)
  if (errors !== undefined) expectParts(errors, message)
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8')
  expectEveryAnswersHeaders(answer)
}

/** Asserts that each part says what and where, and that the message is about the first. */
function expectParts(errors: unknown, message: string): void {
  const text: unknown = expect.any(String)
  const parts = errors as readonly { readonly path: string; readonly message: string }[]
  expect(parts).toEqual(
    parts.map((part) => ({
      path: text,
      code: text,
      message: text,
      ...('allowed' in part && { allowed: text }),
    })),
  )
  expect(message).toContain(parts[0]!.message)
  expect(message).toContain(parts[0]!.path)
}

/** Asserts the headers that every answer carries, whoever made it. */
export function expectEveryAnswersHeaders(answer: RawAnswer): void {
  const { headers } = answer
  expect(headers['x-request-id']).toMatch(/^[0-9a-z]{17,30}$/)
  const [limit, remaining, resetS] = ['limit', 'remaining', 'reset'].map((name) =>
    Number(headers[`x-ratelimit-${name}`]),
  ) as [number, number, number]
  expect(limit).toBeGreaterThan(0)
  expect(remaining).toBeGreaterThanOrEqual(0)
  expect(remaining).toBeLessThanOrEqual(limit)
  // Unix seconds, now or soon; never the milliseconds or the seconds left that other APIs mean.
  expect(Math.abs(resetS - Date.now() / 1000)).toBeLessThan(120)
  expect(headers['x-content-type-options']).toBe('nosniff')
}
