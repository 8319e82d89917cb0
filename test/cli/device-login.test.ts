import fs from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { AUDIENCE, type PageIssuer, startPageIssuer } from '../browser/support/page-issuer.ts'
import { CookieJar } from '../support/cookie-jar.ts'
import { type CommandLineEnd, typeCommand } from '../support/staged-terminal.ts'

const SCOPE = 'openid offline_access read:flows_vault_connections'
const MAX_STEPS = 15

describe('flow-vault login at an issuer of one’s own', () => {
  let issuer: PageIssuer
  let folder: string
  let env: Record<string, string>
  beforeAll(async () => {
    issuer = await startPageIssuer()
  })
  afterAll(() => issuer.stop())
  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(tmpdir(), 'device-login-'))
    env = { FLOW_VAULT_CONFIG: path.join(folder, 'profiles.json') }
    issuer.behave({ refreshes: true, tokenSeconds: 3600 })
    issuer.tokenRequests.length = 0
  })
  afterEach(() => fs.rmSync(folder, { recursive: true }))

  const options = (clientId = issuer.deviceClientId) => [
    ...['login', '--url', 'https://vault.example.test', '--issuer', issuer.url, '--client-id', clientId],
    ...['--audience', AUDIENCE, '--audience-in', 'resource', '--scope', SCOPE],
  ]
  /** The person looks at the terminal when it has waited so often. */
  async function login(
    decide: (address: string) => Promise<void>,
    waits = 2,
    fetchNow?: typeof fetch,
  ): Promise<CommandLineEnd> {
    let waited = 0
    let printed = ''
    return typeCommand(options(), {
      env,
      ...(fetchNow === undefined ? {} : { fetch: fetchNow }),
      onPrint: (text) => {
        printed += text
      },
      async onPause() {
        if (++waited === waits) await decide(/Open (\S+) on any device/.exec(printed)![1]!)
      },
    })
  }
  const kept = () => JSON.parse(fs.readFileSync(env['FLOW_VAULT_CONFIG']!, 'utf8')).profiles.default

  test('prints where to go, waits for the person, and keeps what they brought for themselves alone', async () => {
    const { code, err } = await login((address) => visit(address))
    expect([code, err]).toEqual([
      0,
      expect.stringMatching(/enter it: [A-Z]{4}-[A-Z]{4}\n[\s\S]*Kept as "default"/),
    ])
    expect(fs.statSync(env['FLOW_VAULT_CONFIG']!).mode & 0o777).toBe(0o600)
    const who = JSON.parse((await typeCommand(['whoami'], { env })).out)
    expect(who).toMatchObject({ from: 'the profile default', client: issuer.deviceClientId, tenant: 'acme' })
    expect(who.scopes.split(' ')).toContain('read:flows_vault_connections')
    expect(issuer.tokenRequests).toHaveLength(1)
  })

  test('renews a token that has ended, once, and keeps what came with it', async () => {
    issuer.behave({ tokenSeconds: 30 })
    await login((address) => visit(address))
    const before = kept().person
    issuer.behave({ tokenSeconds: 3600 })
    const first = await typeCommand(['token'], { env })
    const second = await typeCommand(['token'], { env })
    expect([first.code, second.out]).toEqual([0, first.out])
    expect(first.out.trim()).not.toBe(before.access_token)
    expect(kept().person.access_token).toBe(first.out.trim())
    expect(issuer.tokenRequests.map((asked) => asked.get('grant_type'))).toEqual([
      'urn:ietf:params:oauth:grant-type:device_code',
      'refresh_token',
    ])
  })

  test.each([
    ['there was no refresh token', { refreshes: false }, undefined],
    ['the issuer refuses it', {}, 'no-token-of-anybody'],
  ])('asks to sign in again where %s', async (_what, behaviour, refreshToken) => {
    issuer.behave({ tokenSeconds: 30, ...behaviour })
    await login((address) => visit(address))
    const profile = kept()
    const person = { ...profile.person, ...(refreshToken && { refresh_token: refreshToken }) }
    const file = { current: 'default', profiles: { default: { ...profile, person } } }
    fs.writeFileSync(env['FLOW_VAULT_CONFIG']!, JSON.stringify(file))
    expect(await typeCommand(['token'], { env })).toMatchObject({
      code: 4,
      err: expect.stringMatching(/has ended. Sign in again with: flow-vault login --url .* --issuer/),
    })
  })

  test('goes on asking an issuer that was away for a moment', async () => {
    let asked = 0
    const failing: typeof fetch = async (input, init) => {
      const isPoll = String(init?.body).includes('device_code=')
      if (!isPoll || ++asked > 2) return fetch(input, init)
      if (asked === 1) throw new TypeError('fetch failed')
      return new Response('{}', { status: 503 })
    }
    const { code } = await login((address) => visit(address), 3, failing)
    expect([code, asked]).toEqual([0, 3])
  })

  test('keeps nothing when nobody comes, and says so', async () => {
    const end = await login(async () => undefined)
    expect(end).toMatchObject({ code: 4, err: expect.stringMatching(/Nobody entered the code in time/) })
    expect(fs.existsSync(env['FLOW_VAULT_CONFIG']!)).toBe(false)
  })

  test('keeps nothing when the person declines', async () => {
    const end = await login((address) => visit(address, { abort: true }))
    expect(end).toMatchObject({ code: 4, err: expect.stringMatching(/was declined/) })
    expect(fs.existsSync(env['FLOW_VAULT_CONFIG']!)).toBe(false)
  })

  test.each<[string, (line: string[]) => string[], RegExp, number]>([
    ['a client of nobody', (line) => line.with(6, 'nobody'), /refused the client nobody: invalid_client/, 4],
    ['no address', (line) => line.with(4, 'login'), /--issuer is an address/, 2],
    ['an issuer that is away', (line) => line.with(4, 'http://127.0.0.1:1'), /No issuer answers at/, 6],
    ['another parameter', (line) => line.with(10, 'scope'), /audience, resource or none/, 2],
  ])('refuses %s', async (_what, change, sentence, code) => {
    const end = await typeCommand(change(options()), { env })
    expect(end).toMatchObject({ code, err: expect.stringMatching(sentence) })
  })

  test('says what to do where the issuer has no such sign-in', async () => {
    const without = await startPageIssuer({ devices: false })
    try {
      const end = await typeCommand(options().with(4, without.url), { env })
      expect(end).toMatchObject({ code: 4, err: expect.stringMatching(/offers no sign-in by a device/) })
    } finally {
      await without.stop()
    }
  })
})

/** What a person does in a browser on another device: confirms the code, signs in, and consents; or gives up. */
async function visit(address: string, { abort = false } = {}): Promise<void> {
  const jar = new CookieJar()
  let url = new URL(address)
  let form: URLSearchParams | undefined
  for (let step = 0; step < MAX_STEPS; step++) {
    const response: Response = await fetch(url, {
      redirect: 'manual',
      headers: { cookie: jar.cookies() },
      ...(form === undefined ? {} : { method: 'POST', body: form }),
    })
    const page = await response.text()
    jar.take(response.headers)
    const location = response.headers.get('location')
    const isDone = form?.has('abort') === true || (location === null && !page.includes('<form'))
    if (isDone) return
    if (location !== null) {
      url = new URL(location, url)
      form = undefined
      continue
    }
    const action = /action="([^"]+)"/.exec(page)?.[1]
    if (action !== undefined) url = new URL(action, url)
    const inputs = [...page.matchAll(/<input[^>]*name="(\w+)" value="([^"]*)"/g)]
    form = new URLSearchParams(Object.fromEntries(inputs.map(([, name, value]) => [name, value])))
    if (abort) form.set('abort', 'yes')
  }
  throw new Error('the issuer has more and more to ask')
}
