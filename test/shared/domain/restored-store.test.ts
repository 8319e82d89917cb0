import { isOutOfService, mayAskBesideOriginal } from '../../../shared/domain/restored-store.ts'

describe('a request of a restored store whose original may run', () => {
  it.each([
    ['refresh-token', 'none', true],
    ['refresh-token', 'optional', false],
    ['refresh-token', 'single-use', false],
    // Said to have none, and here is one: nobody knows what becomes of it.
    ['refresh-token', 'no-refresh', false],
    ['client-credentials', 'no-refresh', true],
    ['jwt-bearer', 'no-refresh', true],
    ['authorization-code', 'single-use', true],
  ] as const)('by %s where rotation is %s: %s', (kind, rotation, isAllowed) => {
    expect(mayAskBesideOriginal({ kind }, { refresh: { rotation } })).toBe(isAllowed)
  })
})

describe('isOutOfService', () => {
  const move = { other: 'the other vault', startedAtMs: 1 }

  it.each([
    ['the target, which is not in service yet', { ...move, side: 'target' }, true],
    ['the source while it still serves', { ...move, side: 'source' }, false],
    ['the source once the other one serves', { ...move, side: 'source', goneAtMs: 2 }, true],
  ] as const)('answers for %s', (_, mark, isOut) => {
    expect(isOutOfService(mark)).toBe(isOut)
  })
})
