import {
  type CredentialEnd,
  endStepsReached,
  isRefusedAfterEnd,
  nextEndStepAtMs,
  refusedAfterEnd,
  statusByEnd,
} from '../../../shared/domain/credential-end.ts'

/** 2030-01-01T00:00:00Z. */
const END = 1_893_456_000_000
const DAY = 86_400_000

describe('nextEndStepAtMs', () => {
  it('is thirty days, seven days and a day before the end, then the end, then nothing', () => {
    const steps = [undefined, 1, 2, 3, 4].map((toldEndSteps) =>
      nextEndStepAtMs({
        credentialExpiresAtMs: END,
        ...(toldEndSteps === undefined ? {} : { toldEndSteps }),
      }),
    )
    expect(steps).toEqual([END - 30 * DAY, END - 7 * DAY, END - DAY, END, undefined])
  })

  it('is nothing where no end was said', () => {
    expect(nextEndStepAtMs({})).toBeUndefined()
  })
})

describe('endStepsReached', () => {
  it.each([
    [END - 30 * DAY - 1, 0],
    [END - 30 * DAY, 1],
    [END - 7 * DAY - 1, 1],
    [END - 7 * DAY, 2],
    [END - DAY, 3],
    [END - 1, 3],
    [END, 4],
    [END + DAY, 4],
  ])('counts at %i', (nowMs, steps) => {
    expect(endStepsReached({ credentialExpiresAtMs: END }, nowMs)).toBe(steps)
  })

  it('is none where no end was said', () => {
    expect(endStepsReached({}, END)).toBe(0)
  })
})

describe('isRefusedAfterEnd', () => {
  it.each<[string, CredentialEnd, number, boolean]>([
    ['from its end on', { credentialExpiresAtMs: END, enforceExpiry: true }, END, true],
    ['not before it', { credentialExpiresAtMs: END, enforceExpiry: true }, END - 1, false],
    ['not where that was not asked for', { credentialExpiresAtMs: END }, END, false],
    ['not where no end was said', { enforceExpiry: true }, END, false],
  ])('%s', (_, end, nowMs, isRefused) => {
    expect(isRefusedAfterEnd(end, nowMs)).toBe(isRefused)
  })
})

describe('statusByEnd', () => {
  const enforced: CredentialEnd = { credentialExpiresAtMs: END, enforceExpiry: true }
  const lenient: CredentialEnd = { credentialExpiresAtMs: END }

  it.each([
    ['no end', {} as CredentialEnd, END, 'ready', undefined],
    ['an end that is far', enforced, END - 7 * DAY - 1, 'ready', undefined],
    ['its last week', enforced, END - 7 * DAY, 'degraded', 'ends at 2030-01-01T00:00:00.000Z'],
    ['its last instant', enforced, END - 1, 'degraded', 'ends at'],
    ['an end that is over', lenient, END, 'degraded', 'has ended at 2030-01-01T00:00:00.000Z, as was said'],
    ['an end that is obeyed', enforced, END, 'reauthorization_required', 'not handed out after that'],
  ] as const)('says where a connection stands in view of %s', (_, end, nowMs, status, reason) => {
    const standing = statusByEnd(end, nowMs)
    expect(standing.status).toBe(status)
    if (reason === undefined) expect(standing.statusReason).toBeUndefined()
    else expect(standing.statusReason).toContain(reason)
  })
})

describe('refusedAfterEnd', () => {
  it('says when it ended, and what to do', () => {
    expect(refusedAfterEnd(END)).toBe(
      'The credential has ended at 2030-01-01T00:00:00.000Z, and is not handed out after that. Enter a new one.',
    )
  })
})
