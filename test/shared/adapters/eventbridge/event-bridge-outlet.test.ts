import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { EventBridgeOutlet } from '../../../../shared/adapters/eventbridge/event-bridge-outlet.ts'
import { toldEvent } from '../../../../shared/domain/event-words.ts'
import type { FeedEntry } from '../../../../shared/ports/event-outlet.ts'
import { StoreUnavailableError } from '../../../../shared/ports/item-store.ts'
import { type ScriptedAwsService, startScriptedAwsService } from '../../../support/scripted-aws-service.ts'

let service: ScriptedAwsService
let outlet: EventBridgeOutlet
let put: { Detail: string; DetailType: string; Source: string; EventBusName: string }[][]

beforeAll(async () => {
  service = await startScriptedAwsService()
  const client = new EventBridgeClient({ ...service.clientConfig, requestHandler: {} })
  client.middlewareStack.add(
    (next) => (args) => {
      put.push((args.input as { Entries: (typeof put)[0] }).Entries)
      return next(args)
    },
    { step: 'initialize' },
  )
  const clock = { sleep: async () => undefined }
  outlet = new EventBridgeOutlet({ client, busName: 'flow-vault-test', clock, random: { fraction: () => 0 } })
})

beforeEach(() => {
  put = []
})

afterAll(() => service.close())

const entries = (count: number): FeedEntry[] =>
  Array.from({ length: count }, (_, at) => ({
    number: at + 1,
    event: {
      id: `event-${at + 1}`,
      type: 'connection.updated',
      tenant: 'acme',
      connection_id: 'ac_a',
      app_id: 'HTTP',
      version: at,
      credential_version: 1,
      sequence: at + 1,
      changed: ['name'],
      occurred_at: '2030-01-01T00:00:00.000Z',
    },
  }))
const taken = (count: number, refused: readonly number[] = []) => ({
  body: {
    FailedEntryCount: refused.length,
    Entries: Array.from({ length: count }, (_, at) =>
      refused.includes(at) ? { ErrorCode: 'ThrottlingException' } : { EventId: `id-${at}` },
    ),
  },
})
const idsOf = (batch: (typeof put)[0]) => batch.map(({ Detail }) => JSON.parse(Detail).id)

describe('EventBridgeOutlet', () => {
  it('puts ten at a time, flat, under their type', async () => {
    service.script(taken(10), taken(2))
    await outlet.take('acme', entries(12))
    expect(put.map((batch) => batch.length)).toEqual([10, 2])
    expect(put[0]![0]).toMatchObject({
      EventBusName: 'flow-vault-test',
      Source: 'flow-vault',
      DetailType: 'connection.updated',
      Detail: JSON.stringify(toldEvent(entries(1)[0]!.event)),
    })
  })

  it('puts again what was refused of a batch, and nothing else', async () => {
    service.script(taken(3, [0, 2]), taken(2, [1]), taken(1))
    await outlet.take('acme', entries(3))
    expect(put.map(idsOf)).toEqual([['event-1', 'event-2', 'event-3'], ['event-1', 'event-3'], ['event-3']])
  })

  it('gives up on a bus that goes on refusing', async () => {
    service.script(...Array.from({ length: 9 }, () => taken(1, [0])))
    await expect(outlet.take('acme', entries(1))).rejects.toThrow('refused 1 events: ThrottlingException')
    expect(service.asked).toHaveLength(5)
  })

  it.each([
    ['that refuses the call', { error: 'AccessDeniedException' }, 'not-applied'],
    ['that breaks off', { wire: 'reset' }, 'unknown'],
  ] as const)('tells of a bus %s', async (_what, answer, outcome) => {
    service.script(answer)
    const failure = await outlet.take('acme', entries(1)).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(StoreUnavailableError)
    expect(failure).toMatchObject({ outcome })
  })

  it('is needed by every tenant: who listens is not known here', async () => {
    expect(await outlet.isNeeded()).toBe(true)
  })
})
