import { Canaries, leaksIn } from './canary.ts'

const SECRET = 'p@ss "w/rd\\ é+=?&~>>?'

describe('leaksIn', () => {
  const secrets = new Map([['the password', SECRET]])
  const inJson = JSON.stringify({ password: SECRET })

  test.each([
    ['raw', `before ${SECRET} after`],
    ['in JSON', inJson],
    ['in a URL', `/x?p=${encodeURIComponent(SECRET)}&q=1`],
    ['in a form', new URLSearchParams({ p: SECRET }).toString()],
    ['in base64', Buffer.from(SECRET).toString('base64')],
    ['in base64 at the second alignment', Buffer.from(`u:${SECRET}!`).toString('base64')],
    ['in base64 at the third alignment', Buffer.from(`x${SECRET}!!`).toString('base64')],
    ['in base64url', Buffer.from(`us:${SECRET}`).toString('base64url')],
    ['in hex', Buffer.from(`a${SECRET}`).toString('hex')],
  ])('finds a secret %s', (_form, text) => {
    expect(leaksIn(text, secrets)).toEqual(['the password'])
    expect(leaksIn(Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text)]), secrets)).toHaveLength(1)
  })

  test('finds nothing in what only looks alike', () => {
    expect(leaksIn(`${SECRET.slice(0, -1)} ${SECRET.slice(1)}`, secrets)).toEqual([])
    expect(leaksIn('', secrets)).toEqual([])
  })
})

describe('Canaries', () => {
  test('are all found by their marker', () => {
    const canaries = new Canaries()
    const secrets = new Map([['any', canaries.marker]])
    const values = [canaries.next(), canaries.next()]
    expect(new Set(values).size).toBe(2)
    for (const value of values) expect(leaksIn(value, secrets)).toEqual(['any'])
    expect(leaksIn(new Canaries().next(), secrets)).toEqual([])
  })
})
