import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import { MemorySecretStore } from '../../../../shared/adapters/memory/memory-secret-store.ts'
import { StoreUnavailableError } from '../../../../shared/ports/item-store.ts'
import { reconcileWork } from '../../../../shared/use-cases/reconcile/reconcile-work.ts'
import {
  createSubscription,
  deleteSubscription,
} from '../../../../shared/use-cases/subscriptions/manage-subscriptions.ts'
import { findSubscription } from '../../../../shared/use-cases/subscriptions/subscription-rows.ts'
import { ManualClock } from '../../../support/manual-clock.ts'
import { SeededRandom } from '../../../support/seeded-random.ts'

const HOUR_MS = 3_600_000

describe('deleteSubscription', () => {
  it('has deleted once it has committed, and leaves the signing key to reconcile when the secret store is away', async () => {
    const clock = new ManualClock()
    const items = new MemoryItemStore()
    const secrets = new MemorySecretStore(clock)
    const lines: string[] = []
    const note = (message: string) => lines.push(message)
    const log = { debug: note, info: note, warn: note, error: note, access: () => undefined }
    const unused = {} as never
    const ports = { items, secrets, clock, log, random: new SeededRandom(1), digester: unused }
    const target = { kind: 'webhook', url: 'https://hooks.example.com/x' } as const
    const { subscription } = await createSubscription(
      { ...ports, checkUrl: () => undefined },
      { tenant: 'acme', clientId: 'me', target, filter: {} },
    )
    const { purge, scheduleDeletion } = secrets
    const away = () => Promise.reject(new StoreUnavailableError('away', 'not-applied'))
    Object.assign(secrets, { purge: away, scheduleDeletion: away })
    await deleteSubscription(ports, 'acme', subscription.id)
    expect(await findSubscription(ports, 'acme', subscription.id)).toBeUndefined()
    expect(lines).toEqual(['left the end of a subscription to reconcile'])

    Object.assign(secrets, { purge, scheduleDeletion })
    await clock.advance(HOUR_MS)
    await reconcileWork({ ...ports, grants: unused, work: { enqueue: async () => undefined } })
    expect(
      (await secrets.list({ limit: 10 })).items.filter(({ deletedAtMs }) => deletedAtMs === undefined),
    ).toEqual([])
  })
})
