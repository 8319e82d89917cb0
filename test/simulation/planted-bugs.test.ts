import { firstToNotice, PLANTED_BUGS } from './planted-bugs.ts'

/** The quick ones; the others are in the long suite. */
const QUICK = PLANTED_BUGS.filter(({ isSlow, within }) => within <= 10 && isSlow !== true)

describe('the simulation', () => {
  it.each(QUICK)('notices $name within $within seeds', async (bug) => {
    expect(await firstToNotice(bug)).toBeDefined()
  })
})
