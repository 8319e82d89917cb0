import { freezes } from '../../../shared/domain/freeze.ts'

describe('freezes', () => {
  const connection = { id: 'ac_1', appId: 'SLACK' }

  it.each([
    ['its app', { appId: 'SLACK' }, true],
    ['itself', { connectionId: 'ac_1' }, true],
    ['another app', { appId: 'STRIPE' }, false],
    ['another connection', { connectionId: 'ac_2' }, false],
    ['an app of its name', { appId: 'ac_1' }, false],
    ['nothing', {}, false],
  ])('stops a connection by an order for %s', (_, order, isStopped) => {
    expect(freezes(order, connection)).toBe(isStopped)
  })
})
