/*
 * What only an account can prove, asked of a deployed stage from outside: one run makes connections that carry its
 * id, and removes them again, whatever came of it.
 */

/** Where the vault is, and as whom it is asked. */
export interface AccountTarget {
  /** Scheme and host, without a slash at its end. */
  readonly url: string
  readonly token: string
  readonly fetch: typeof fetch
  /** In every name of the run; nothing without it is touched. */
  readonly runId: string
  say(line: string): void
}

/** A step in words, and what went wrong with it. */
export interface StepResult {
  readonly step: string
  readonly fault?: string
}

/** Requests of a run, as they are priced in docs/capacity.md; each is far below a cent. */
export const RUN_REQUESTS = 13
const CONNECTIONS = '/api/v2/flows/vault/connections'
const SECRET = 'account-run-bearer-0001'
const CHANGED = 'account-run-bearer-0002'

interface Answer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at member by member.
  readonly body: any
}

type Step = readonly [words: string, act: () => Promise<string | undefined>]
/** What the run has made so far. */
interface Made {
  id?: string
}

/** Runs every step; one that fails ends the run, and what it made is removed. Answers each step with its fault. */
export async function runAgainstAccount(target: AccountTarget): Promise<StepResult[]> {
  const results: StepResult[] = []
  const made: Made = {}
  const holds = async ([step, act]: Step): Promise<boolean> => {
    const fault = await act().catch((error: Error) => `${error.name}: ${error.message}`)
    results.push(fault === undefined ? { step } : { step, fault })
    target.say(fault === undefined ? `ok     ${step}` : `failed ${step}: ${fault}`)
    return fault === undefined
  }
  for (const step of [...makingSteps(target, made), ...usingSteps(target, made)])
    if (!(await holds(step))) break
  if (made.id !== undefined) for (const step of removingSteps(target, made)) await holds(step)
  return results
}

function makingSteps(target: AccountTarget, made: Made): Step[] {
  const credentials = () => `${CONNECTIONS}/${made.id}/credentials`
  return [
    [
      'is ready: table, secret store and keys answer',
      async () => expectStatus(await ask(target, 'GET', '/readyz'), 200),
    ],
    [
      'refuses who has no token',
      async () => expectStatus(await ask({ ...target, token: '' }, 'GET', CONNECTIONS), 401),
    ],
    [
      'creates a connection',
      async () => {
        const setup = { type: 'BEARER', token: SECRET }
        const answer = await ask(target, 'POST', CONNECTIONS, {
          name: `account-run-${target.runId}`,
          app_id: 'HTTP',
          setup,
        })
        made.id = answer.body?.id
        return (
          expectStatus(answer, 201) ?? (shows(answer, SECRET) ? 'the answer shows the secret' : undefined)
        )
      },
    ],
    ['hands it out', async () => handsOut(await ask(target, 'GET', credentials()), SECRET)],
    [
      'hands it out again, from memory or the store',
      async () => handsOut(await ask(target, 'GET', credentials()), SECRET),
    ],
  ]
}

function usingSteps(target: AccountTarget, made: Made): Step[] {
  const connection = () => `${CONNECTIONS}/${made.id}`
  const credentials = () => `${connection()}/credentials`
  return [
    [
      'answers 304 to who has it',
      async () => {
        const first = await ask(target, 'GET', credentials())
        const headers = { 'if-none-match': first.headers.get('etag') ?? '' }
        return expectStatus(await ask(target, 'GET', credentials(), undefined, headers), 304)
      },
    ],
    [
      'changes it, and hands out the new one at once',
      async () => {
        const setup = { type: 'BEARER', token: CHANGED }
        const changed = await ask(target, 'PATCH', connection(), { setup })
        return expectStatus(changed, 200) ?? handsOut(await ask(target, 'GET', credentials()), CHANGED)
      },
    ],
    [
      'shows nothing of it',
      async () => {
        const shown = await ask(target, 'GET', `${connection()}?view=full`)
        return expectStatus(shown, 200) ?? (shows(shown, CHANGED) ? 'the answer shows the secret' : undefined)
      },
    ],
    [
      'refuses bad input',
      async () => expectStatus(await ask(target, 'PATCH', connection(), { nmae: 'x' }), 400),
    ],
  ]
}

function removingSteps(target: AccountTarget, made: Made): Step[] {
  const connection = `${CONNECTIONS}/${made.id}`
  return [
    [
      'removes it for good',
      async () => expectStatus(await ask(target, 'DELETE', `${connection}?purge=true`), 204),
    ],
    [
      'and does not know it any more',
      async () => expectStatus(await ask(target, 'GET', `${connection}/credentials`), 404),
    ],
  ]
}

async function ask(
  { url, token, fetch: send }: Pick<AccountTarget, 'url' | 'token' | 'fetch'>,
  method: string,
  pathAndQuery: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await send(`${url}${pathAndQuery}`, {
    method,
    headers: {
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
  return {
    status: response.status,
    headers: response.headers,
    body: isJson && text !== '' ? JSON.parse(text) : undefined,
  }
}

function expectStatus({ status, body }: Answer, wanted: number): string | undefined {
  if (status === wanted) return undefined
  return `${status} instead of ${wanted}${body?.message === undefined ? '' : `: ${body.message}`}`
}

function handsOut(answer: Answer, secret: string): string | undefined {
  const wrong = expectStatus(answer, 200)
  if (wrong !== undefined) return wrong
  return answer.body?.fields?.token === secret ? undefined : 'it is another credential'
}

function shows({ body }: Answer, secret: string): boolean {
  return JSON.stringify(body ?? {}).includes(secret)
}
