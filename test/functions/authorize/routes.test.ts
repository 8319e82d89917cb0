import type { AuthorizeFunctionPorts } from '../../../functions/authorize/ports.ts'
import { AUTHORIZE_ROUTES } from '../../../functions/authorize/routes.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const PUBLIC_URL = 'https://vault.example.com'
const STATE = 'a1'.repeat(32)
const TICKET = `${'aB3'.repeat(14)}x`

/** Ports that count what is paid for: calls of the key, and reads of the table. */
function countingPorts(): { ports: AuthorizeFunctionPorts; paid: string[] } {
  const paid: string[] = []
  const digest = async () => {
    paid.push('digest')
    return STATE
  }
  const get = async () => {
    paid.push('read')
    return undefined
  }
  const random = { bytes: (count: number) => new Uint8Array(count) }
  const base = { digester: { digest }, items: { get }, clock: new ManualClock(), random }
  return { ports: { ...base, publicUrl: PUBLIC_URL, headless: false } as never, paid }
}

async function paidFor(name: string, sent: { query?: object; body?: object }): Promise<string[]> {
  const route = AUTHORIZE_ROUTES.find((one) => one.name === name)!
  const { ports, paid } = countingPorts()
  const headers = { origin: PUBLIC_URL, 'sec-fetch-site': 'same-origin' }
  const input = { path: { id: 'oa_1' }, query: {}, body: {}, cookies: [], isHead: false, headers, ...sent }
  const answer = await route.handle(input as never, ports as never)
  expect(answer).toMatchObject({ status: 400 })
  return paid
}

describe('the routes of browsers', () => {
  it.each([
    '',
    'state',
    STATE.slice(1),
    `${STATE}0`,
    STATE.toUpperCase(),
    `${STATE.slice(1)} `,
    's'.repeat(9000),
  ])('spend nothing on %j, which cannot be a state', async (state) => {
    expect(await paidFor('finish-authorization', { query: { state, code: 'x' } })).toEqual([])
  })

  it.each(['', 'ticket', TICKET.slice(1), `${TICKET}0`, `${TICKET.slice(1)}-`, STATE])(
    'spend nothing on %j, which cannot be a ticket',
    async (ticket) => {
      expect(await paidFor('look-at-authorization', { query: { ticket } })).toEqual([])
      expect(await paidFor('continue-authorization', { body: { ticket } })).toEqual([])
    },
  )

  it('look up what can be one', async () => {
    expect(await paidFor('finish-authorization', { query: { state: STATE, code: 'x' } })).toEqual([
      'digest',
      'read',
    ])
    expect(await paidFor('look-at-authorization', { query: { ticket: TICKET } })).toContain('read')
  })
})
