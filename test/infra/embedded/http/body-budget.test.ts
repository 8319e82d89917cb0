import { BodyBudget } from '../../../../infra/embedded/http/body-budget.ts'

describe('BodyBudget', () => {
  it('lets one holder have its share and no more, and all together no more than all', () => {
    const budget = new BodyBudget({ all: 100, holder: 40 })
    expect([budget.take('a', 40), budget.take('a', 1)]).toEqual([true, false])
    expect([budget.take('b', 40), budget.take('c', 21), budget.take('c', 20)]).toEqual([true, false, true])
    budget.give('a', 40)
    expect([budget.take('c', 20), budget.take('d', 20), budget.take('d', 1)]).toEqual([true, true, false])
  })
})
