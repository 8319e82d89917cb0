import { runLongRead } from '../../../functions/api/long-reads.ts'
import { LocalBudgets } from '../../../shared/adapters/memory/local-budgets.ts'
import { ManualClock } from '../../support/manual-clock.ts'

describe('runLongRead', () => {
  const budgets = new LocalBudgets({ requestsPerSecond: 10, clock: new ManualClock() })

  it("runs one tenant's reads one after another, failures too, and another's meanwhile", async () => {
    const begun: string[] = []
    const gates = [1, 2, 3].map(() => Promise.withResolvers<void>())
    const read = (name: string, gate: number) => async () => {
      begun.push(name)
      await gates[gate]!.promise
    }
    const first = runLongRead({ budgets }, 'acme', read('first', 0))
    const second = runLongRead({ budgets }, 'acme', read('second', 1))
    const other = runLongRead({ budgets }, 'other', read('other', 2))
    await new Promise(setImmediate)
    expect(begun).toEqual(['first', 'other'])
    gates[0]!.reject(new Error('a read that failed'))
    await expect(first).rejects.toThrow('a read that failed')
    await new Promise(setImmediate)
    expect(begun).toEqual(['first', 'other', 'second'])
    gates[1]!.resolve()
    gates[2]!.resolve()
    await Promise.all([second, other])
  })

  it('refuses, when its turn comes, a tenant that owes for the reads before', async () => {
    let runs = 0
    const costly = async () => {
      runs++
      budgets.charge({ budget: 'requests', of: 'acme' }, 25)
    }
    const reads = [1, 2, 3].map(() => runLongRead({ budgets }, 'acme', costly))
    const settled = await Promise.allSettled(reads)
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    expect(settled[1]).toMatchObject({
      reason: { code: 'too-many-requests', detail: { retryAfterSeconds: 2 } },
    })
    expect(runs).toBe(1)
  })
})
