import { FairTurns } from '../../../../infra/embedded/http/fair-turns.ts'

describe('FairTurns', () => {
  /** Rounds that a test begins, and who got a turn in each. */
  function rounds(limits: { round: number; inside: number }) {
    let next: (() => void) | undefined
    const turns = new FairTurns({ limits, nextRound: (run) => (next = run) })
    let begun: string[] = []
    const ask = (name: string, count = 1, weight = 1): void => {
      for (let sent = 0; sent < count; sent++) {
        turns.enter(name, weight).then((leave) => begun.push(leave === undefined ? `${name} refused` : name))
      }
    }
    const settle = () => new Promise<void>((resolve) => setImmediate(resolve))
    const seen = async () => {
      await settle()
      const those = begun
      begun = []
      return those
    }
    const round = () => {
      const run = next
      next = undefined
      run?.()
      return seen()
    }
    return { turns, ask, round, seen, isIdle: () => next === undefined }
  }

  it('begins at once what comes alone', async () => {
    const { ask, seen, round, isIdle } = rounds({ round: 2, inside: 10 })
    ask('acme')
    expect(await seen()).toEqual(['acme'])
    await round()
    await round()
    expect(isIdle()).toBe(true)
  })

  it('has a request of another tenant come next, however many of one tenant wait', async () => {
    const { ask, seen, round } = rounds({ round: 2, inside: 1_000 })
    ask('evil', 500)
    expect(await seen()).toEqual(['evil', 'evil'])
    ask('acme')
    ask('other', 3)
    expect(await round()).toEqual(['evil', 'acme'])
    expect(await round()).toEqual(['other', 'evil'])
    expect(await round()).toEqual(['other', 'evil'])
  })

  it('gives one that weighs a round the rest of it', async () => {
    const { ask, seen, round } = rounds({ round: 4, inside: 1_000 })
    ask('evil', 5, 4)
    expect(await seen()).toEqual(['evil'])
    ask('acme', 2)
    expect(await round()).toEqual(['evil'])
    expect(await round()).toEqual(['acme', 'evil'])
    expect(await round()).toEqual(['acme', 'evil'])
  })

  it('begins fewer of those that weigh more', async () => {
    const { ask, seen, round } = rounds({ round: 4, inside: 1_000 })
    ask('evil', 7, 2)
    expect(await seen()).toEqual(['evil', 'evil'])
    ask('acme', 4)
    expect(await round()).toEqual(['evil', 'acme', 'evil'])
    expect(await round()).toEqual(['acme', 'evil', 'acme'])
  })

  it('begins all in the end, so many a round', async () => {
    const { ask, seen, round, isIdle } = rounds({ round: 4, inside: 1_000 })
    ask('evil', 10)
    const sizes = [(await seen()).length]
    while (!isIdle()) sizes.push((await round()).length)
    expect(sizes).toEqual([4, 4, 2, 0])
  })

  it('refuses a holder that has too many under way, and no other, until one of them is over', async () => {
    const { turns, ask, seen, round } = rounds({ round: 10, inside: 3 })
    const leave = await turns.enter('evil')
    ask('evil', 3)
    expect(await seen()).toEqual(['evil', 'evil', 'evil refused'])
    ask('acme')
    expect(await seen()).toEqual(['acme'])
    leave?.()
    await round()
    ask('evil', 2)
    expect(await seen()).toEqual(['evil', 'evil refused'])
  })
})
