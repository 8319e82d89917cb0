import { MemoryItemStore } from '../../../../shared/adapters/memory/memory-item-store.ts'
import { MemorySecretStore } from '../../../../shared/adapters/memory/memory-secret-store.ts'
import { intentKey } from '../../../../shared/domain/keys.ts'
import { secretIdOf } from '../../../../shared/domain/secret-id.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { StoreUnavailableError } from '../../../../shared/ports/item-store.ts'
import type { SecretStore } from '../../../../shared/ports/secret-store.ts'
import type { Intent } from '../../../../shared/rows/intent-row.ts'
import { openIntent } from '../../../../shared/use-cases/commit/intent.ts'
import { type ReconcilePorts, reconcileWork } from '../../../../shared/use-cases/reconcile/reconcile-work.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const TENANT = 'acme'
const NOW_MS = Date.UTC(2030, 0, 1)

/** The create that a crash left after it had put its secret; `n` names it. */
function leftIntent(n: number, deadlineAtMs = NOW_MS - 1): Intent {
  const ownerId = `ac_${String(n).padStart(22, '0')}`
  const secretId = secretIdOf({ deployment: 'local', kind: 's', tenant: TENANT, ownerId, generation: 1 })
  return { kind: 'create', tenant: TENANT, ownerId, op: `op-${n}`, secretId, newSecret: true, deadlineAtMs }
}

async function stageOf(intents: readonly Intent[]) {
  const items = new MemoryItemStore()
  const clock = new ManualClock(NOW_MS)
  const secrets: SecretStore = new MemorySecretStore(clock)
  for (const intent of intents) {
    await items.transact([openIntent(intent)])
    await secrets.stage(intent.secretId, intent.op, new SecretText('x'), { isNew: true })
  }
  const errors: string[] = []
  const log = {
    debug: () => {},
    info: () => {},
    warn: () => {},
    error: (message: string) => void errors.push(message),
    access: () => {},
  }
  const ports = { items, secrets, clock, log } as unknown as ReconcilePorts
  const left = async () => (await secrets.list({ limit: 2000 })).items.length
  return { ports, errors, left, items }
}

const range = (count: number) => Array.from({ length: count }, (_, n) => n)

describe('reconcileWork', () => {
  it('works the others when one item cannot be put right, counts it, and takes it up again', async () => {
    const stage = await stageOf(range(5).map((n) => leftIntent(n)))
    const stubborn = leftIntent(2).secretId
    const { secrets } = stage.ports
    const purge = (secretId: string) =>
      secretId === stubborn
        ? Promise.reject(new StoreUnavailableError('away', 'unknown'))
        : secrets.purge(secretId)
    const failing = new Proxy(secrets, {
      get: (target, name: keyof SecretStore) => {
        const member = name === 'purge' ? purge : target[name]
        return typeof member === 'function' ? member.bind(target) : member
      },
    })
    const report = await reconcileWork({ ...stage.ports, secrets: failing })
    expect(report).toMatchObject({ found: 5, undone: 4, failed: 1 })
    expect(stage.errors).toHaveLength(1)
    expect(await stage.left()).toBe(1)
    expect(await reconcileWork(stage.ports)).toMatchObject({ found: 1, undone: 1, failed: 0 })
    expect(await stage.left()).toBe(0)
  })

  it('takes a thousand items a run, and the rest in the next', async () => {
    const stage = await stageOf(range(1005).map((n) => leftIntent(n)))
    expect(await reconcileWork(stage.ports)).toMatchObject({ found: 1000, undone: 1000 })
    expect(await reconcileWork(stage.ports)).toMatchObject({ found: 5, undone: 5 })
    expect(await stage.left()).toBe(0)
  })

  it('believes the item and not the index, which may be behind', async () => {
    const young = leftIntent(1, NOW_MS + 60_000)
    const stage = await stageOf([young])
    const gone = intentKey(TENANT, 'op-9')
    const behind = {
      items: [intentKey(TENANT, young.op), gone].map((key) => ({ key, dueAtMs: NOW_MS - 1 })),
    }
    let asked = 0
    const items = new Proxy(stage.items, {
      get: (target, name: keyof MemoryItemStore) =>
        name === 'queryDue'
          ? async () => (asked++ === 0 ? behind : { items: [] })
          : target[name].bind(target),
    })
    expect(await reconcileWork({ ...stage.ports, items })).toMatchObject({ found: 2, undone: 0, failed: 0 })
    expect(await stage.left()).toBe(1)
  })
})
