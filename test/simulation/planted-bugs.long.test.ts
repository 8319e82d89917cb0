import { firstToNotice, PLANTED_BUGS } from './planted-bugs.ts'

describe('the simulation', () => {
  it.each(PLANTED_BUGS)('notices $name within $within seeds', async (bug) => {
    const noticed = await firstToNotice(bug)
    expect(noticed).toBeDefined()
    process.stdout.write(`${bug.name}: seed ${noticed?.seed}: ${noticed?.violation.slice(0, 160)}\n`)
  })
})
