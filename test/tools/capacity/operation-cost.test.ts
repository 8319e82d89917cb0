import { millionCost, OPERATIONS, operationTable } from '../../../tools/capacity/operation-cost.ts'

const costOf = (name: string) => millionCost(OPERATIONS.find((one) => one.name === name)!)

describe('millionCost', () => {
  it.each([
    ['fetch, warm', 2.86],
    ['fetch, warm, by direct invoke', 1.63],
    ['fetch, cold', 9.66],
    ['create', 19.82],
    ['create, empty', 10.53],
    ['update, name', 10.65],
    ['update, same setup', 6.08],
    ['update, new setup', 26.82],
  ])('of %s is $%d', (name, dollars) => {
    expect(costOf(name).together).toBeCloseTo(dollars, 2)
  })

  it('is the sum of its parts, of which the stores of a warm fetch are the least', () => {
    const { stores, lambda, http, logs, traces, together } = costOf('fetch, warm')
    expect(stores + lambda + http + logs + traces).toBeCloseTo(together, 10)
    expect(stores).toBe(0.125)
    expect(logs).toBeGreaterThan(stores)
    expect(costOf('fetch, warm, by direct invoke').http).toBe(0)
  })
})

describe('operationTable', () => {
  it('has a line for each operation, in dollars a million', () => {
    expect(operationTable().split('\n')).toHaveLength(OPERATIONS.length + 2)
    expect(operationTable()).toContain('| fetch, warm | $0.13 | $0.31 | $1.00 | $1.18 | $0.25 | **$2.86** |')
  })
})
