import { CONNECTIONS, type GrantCalls, type JsonAnswer } from '../support/grant-calls.ts'

/** Callers at a time that create, fetch and rename; one more renews what providers mint. */
const CALLERS = 3

/** What callers do to a vault, one thing after the other, until they are told to stop. */
export interface Load {
  /** What was answered: each connection as it has to be found. */
  readonly made: ReadonlyMap<string, { readonly token: string; readonly name: string }>
  /** The connections that were renewed, with the last version that was answered. */
  readonly rotated: ReadonlyMap<string, number>
  /** Answers that nobody may get. */
  readonly failed: readonly unknown[]
  /** Calls that were told to come again, or that the emulator ended in the middle. */
  readonly cutOff: readonly string[]
  rotations(): number
  wasCutOff(id: string): boolean
  /** Ends it, and waits for what is under way. */
  end(): Promise<void>
}

/** Starts callers that make connections of their own, and renew those that are `granted`. */
export function startLoad(world: GrantCalls, granted: readonly string[]): Load {
  const made = new Map<string, { token: string; name: string }>()
  const rotated = new Map<string, number>()
  const failed: unknown[] = []
  const cutOff: string[] = []
  const cutOffIds = new Set<string>()
  let isEnded = false
  let rotations = 0

  /** Undefined for what was not answered. */
  async function expecting(status: number, method: string, path: string, body?: unknown) {
    const answer = await world.call(method, path, body)
    if (answer.status === status) return answer
    if (mayComeAgain(answer)) cutOff.push(`${answer.status} ${method}`)
    else failed.push({ method, path, status: answer.status, body: answer.body })
    return undefined
  }

  async function change(token: string): Promise<void> {
    const setup = { type: 'BEARER', token }
    const created = await expecting(201, 'POST', CONNECTIONS, { name: 'made', app_id: 'HTTP', setup })
    if (created === undefined) return
    const { id } = created.body
    made.set(id, { token, name: 'made' })
    const fetched = await expecting(200, 'GET', `${CONNECTIONS}/${id}/credentials`)
    if (fetched !== undefined && fetched.body.fields.token !== token) failed.push({ id, fetched })
    const renamed = await expecting(200, 'PATCH', `${CONNECTIONS}/${id}`, { name: 'renamed' })
    // One that was not answered is either way.
    if (renamed === undefined) made.delete(id)
    else made.set(id, { token, name: 'renamed' })
  }

  async function renew(id: string): Promise<void> {
    const answer = await expecting(200, 'POST', `${CONNECTIONS}/${id}/rotate`)
    if (answer === undefined) cutOffIds.add(id)
    const fetched = await expecting(200, 'GET', `${CONNECTIONS}/${id}/credentials`)
    if (answer === undefined || fetched === undefined) return
    const version: number = fetched.body.credential_version
    if (version < (rotated.get(id) ?? 0)) failed.push({ id, version, known: rotated.get(id) })
    rotated.set(id, version)
    rotations++
  }

  const changer = async (number: number) => {
    for (let round = 0; !isEnded; round++) await change(`bearer-${number}-${round}-0123456789`)
  }
  const renewer = async () => {
    while (!isEnded) for (const id of granted) await renew(id)
  }
  const running = Promise.all([renewer(), ...Array.from({ length: CALLERS }, (_, at) => changer(at))])
  return {
    made,
    rotated,
    failed,
    cutOff,
    rotations: () => rotations,
    wasCutOff: (id) => cutOffIds.has(id),
    async end() {
      isEnded = true
      await running
    },
  }
}

/**
 * 502 is the emulator's, which ends a function in the middle of a call to change it (`changes-end-calls`), which Lambda
 * does not; what that one called for is told to come again by a 503 with `Retry-After`.
 */
function mayComeAgain({ status, headers }: JsonAnswer): boolean {
  return status === 502 || (status === 503 && headers.has('retry-after'))
}
