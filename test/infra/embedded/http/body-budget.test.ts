import { BodyBudget } from '../../../../infra/embedded/http/body-budget.ts'

describe('BodyBudget', () => {
  const LIMITS = { all: 100, tenant: 40, address: 5, addresses: 20 }
  const of = (tenant: string) => ({ tenant, name: `tenant ${tenant}` })
  const at = (address: string) => ({ name: `address ${address}` })

  it('lets one tenant have its share and no more, and all together no more than all', () => {
    const budget = new BodyBudget(LIMITS)
    expect([budget.take(of('a'), 40), budget.take(of('a'), 1)]).toEqual([true, false])
    expect([budget.take(of('b'), 40), budget.take(of('c'), 21)]).toEqual([true, false])
    expect(budget.take(of('c'), 20)).toBe(true)
    budget.give(of('a'), 40)
    expect([budget.take(of('c'), 20), budget.take(of('d'), 20)]).toEqual([true, true])
    expect(budget.take(of('d'), 1)).toBe(false)
  })

  it('keeps what nobody known sends to a part of all, of one address to less', () => {
    const budget = new BodyBudget(LIMITS)
    expect([budget.take(at('1'), 5), budget.take(at('1'), 1)]).toEqual([true, false])
    expect(['2', '3', '4', '5'].map((address) => budget.take(at(address), 5))).toEqual([
      true,
      true,
      true,
      false,
    ])
    expect(budget.take(of('a'), 40)).toBe(true)
    budget.give(at('1'), 5)
    expect(budget.take(at('5'), 5)).toBe(true)
  })
})
