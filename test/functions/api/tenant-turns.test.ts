import { TenantTurns } from '../../../functions/api/tenant-turns.ts'

describe('TenantTurns', () => {
  it("runs one tenant's reads one after another, failures too, and another's meanwhile", async () => {
    const turns = new TenantTurns()
    const begun: string[] = []
    const gates = [1, 2, 3].map(() => Promise.withResolvers<void>())
    const read = (name: string, gate: number) => async () => {
      begun.push(name)
      await gates[gate]!.promise
    }
    const first = turns.run('acme', read('first', 0))
    const second = turns.run('acme', read('second', 1))
    const other = turns.run('other', read('other', 2))
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
})
