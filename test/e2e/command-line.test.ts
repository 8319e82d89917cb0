import fs from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { runProgram } from '../support/run-program.ts'
import { type RunningVault, startRunningVault } from '../support/running-vault.ts'
import { type CommandLineEnd, type Typing, typeCommand } from '../support/staged-terminal.ts'

let running: RunningVault
let folder: string
let env: Record<string, string>

beforeAll(async () => {
  running = await startRunningVault()
  folder = await mkdtemp(path.join(tmpdir(), 'flow-vault-cli-'))
  const { clientId, clientSecret } = running.client({ tenant: 'acme' })
  env = {
    FLOW_VAULT_URL: running.url,
    FLOW_VAULT_CLIENT_ID: clientId,
    FLOW_VAULT_CLIENT_SECRET: clientSecret,
    FLOW_VAULT_CONFIG: path.join(folder, 'profiles.json'),
    NO_COLOR: '1',
  }
})
afterAll(async () => {
  await running.stop()
  await rm(folder, { recursive: true, force: true })
})

function type(line: string, typing: Typing = {}): Promise<CommandLineEnd> {
  return typeCommand(line.split(' '), { env, ...typing })
}

async function created(token = 'token-of-the-orders'): Promise<string> {
  const { out } = await type('connections create --app HTTP --name orders --type BEARER', {
    stdin: `${token}\n`,
  })
  return (JSON.parse(out) as { id: string }).id
}

describe('flow-vault connections import', () => {
  const defaults = {
    app_id: 'OAUTH2',
    setup: {
      type: 'AUTHORIZATION_CODE',
      client_id: 'imported-client',
      client_secret: 'planted-client-secret',
      authorization_url: 'https://idp.example.com/authorize',
      token_url: 'https://idp.example.com/token',
    },
  }
  const lineOf = (name: string, token: string, more: object = {}) =>
    JSON.stringify({
      name,
      grant: { access_token: `planted-${token}`, refresh_token: `planted-r-${token}`, ...more },
    })

  async function imported(lines: readonly string[], more = '') {
    const file = path.join(folder, 'grants.jsonl')
    fs.writeFileSync(path.join(folder, 'defaults.json'), JSON.stringify(defaults), { mode: 0o600 })
    fs.writeFileSync(file, `${lines.join('\n')}\n`, { mode: 0o600 })
    const end = await type(`connections import ${file} --defaults ${folder}/defaults.json --json${more}`)
    expect(end.out + end.err).not.toContain('planted')
    return { ...end, answer: JSON.parse(end.code === 0 ? end.out : end.err.trim().split('\n').at(-1)!) }
  }
  const count = async (name: string) =>
    JSON.parse((await type(`connections list --query ${name}`)).out).length as number

  test('makes each once however often it runs, and tells what is wrong with which line', async () => {
    const good = [lineOf('brought-a', 'a'), lineOf('brought-b', 'b', { expires_at: '2099-01-01T00:00:00Z' })]
    const bad = [
      lineOf('brought-c', 'c', { expires_at: 'tomorrow', colour: 'red' }),
      lineOf('brought-d', 'a'),
      '{"name":"brought-e"}',
      '{"planted',
    ]
    const dry = await imported(good, ' --dry-run')
    expect(dry).toMatchObject({ code: 0, answer: { fine: 2, failed: 0 } })
    expect(await count('brought')).toBe(0)
    const first = await imported([...good, ...bad])
    expect(first).toMatchObject({ code: 1, answer: { imported: 2, failed: 4 } })
    expect(first.err).toContain('Line 3: ')
    // Everything that is wrong with a line, at once.
    expect(first.err).toMatch(
      /Line 3: .*on property grant\.colour .* Also grant\.expires_at: .*date-time \(an instant .*\)\.\n/,
    )
    expect(first.err).toContain('Line 4: repeats the grant of line 1')
    expect(first.err).toContain('Line 5: has no grant')
    expect(first.err).toContain('Line 6: is no JSON')
    const ids = first.answer.lines.slice(0, 2).map(({ id }: { id: string }) => id)
    const second = await imported(good)
    expect(second).toMatchObject({
      code: 0,
      answer: { imported: 0, there: 2, lines: [{ id: ids[0] }, { id: ids[1] }] },
    })
    const lines = ['x', 'y', 'z'].map((token) => lineOf(`both-${token}`, token))
    const [one, other] = await Promise.all([imported(lines), imported(lines)])
    expect(one.answer.imported + other.answer.imported).toBe(3)
    expect(one.answer.there + other.answer.there).toBe(3)
    const renamed = await imported([lineOf('brought-other', 'a'), lineOf('brought-g', 'g')], ' --from-line 1')
    expect(renamed.answer).toMatchObject({ imported: 1, there: 1, lines: [{ end: 'there', id: ids[0] }, {}] })
    expect(await count('brought')).toBe(3)
    expect((await type(`connections show ${ids[1]} --field status`)).out).toBe('ready\n')
  })
})

describe('flow-vault connections', () => {
  test('says that a change is done when its answer has no such member, and not that nothing changed', async () => {
    const id = await created()
    const renamed = await type(`connections update ${id} --name done --field nothing`)
    expect(renamed).toMatchObject({ code: 1, out: '' })
    expect(renamed.err).toMatch(
      /^It is done, and cannot be shown so\. There is no member nothing\. There are: id, /,
    )
    const shown = await type(`connections show ${id} --field name`)
    expect(shown.out).toBe('done\n')
    expect((await type(`connections show ${id} --field nothing`)).code).toBe(2)
    const tried = await type(`connections update ${id} --name tried --dry-run --field nothing`)
    expect(tried).toMatchObject({ code: 2, err: expect.not.stringContaining('It is done') })
  })

  test('creates from a piped secret, shows, renames and lists', async () => {
    const id = await created()
    expect((await type(`connections update ${id} --name billing`)).code).toBe(0)
    const shown = await type(`connections show ${id} --field name`)
    expect(shown).toEqual({ code: 0, out: 'billing\n', err: '' })
    const listed = await type('connections list --app HTTP', { tty: true })
    expect(listed.out).toMatch(/^ID +APP +NAME +ACCOUNT +STATUS +EXPIRES\n/)
    expect(listed.out).toMatch(new RegExp(`${id} +HTTP +billing .* ready`))
    expect(JSON.parse((await type('connections list')).out)).toContainEqual(expect.objectContaining({ id }))
  })

  test('asks a person for what is missing, the secret unseen', async () => {
    const { code, out, err } = await type('connections create', {
      answers: ['HTTP', 'asked', 'BEARER', 'the-secret-that-was-typed'],
    })
    expect(code).toBe(0)
    expect(out).toMatch(/asked/)
    expect(out + err).not.toContain('the-secret-that-was-typed')
  })

  test('makes an empty one, and replaces its setup from a file', async () => {
    const { out } = await type('connections create --app HTTP --name empty --empty')
    const { id } = JSON.parse(out) as { id: string }
    const file = path.join(folder, 'setup.json')
    fs.writeFileSync(file, '{"type":"BEARER","token":"from-a-file-1234"}')
    expect((await type(`connections update ${id} --setup-file ${file}`)).code).toBe(0)
    expect((await type(`connections show ${id} --field status`)).out).toBe('ready\n')
  })

  test('changes a part of a setup, its secret from standard input, after a look at what that does', async () => {
    const { out } = await type(
      'connections create --app HTTP --name keyed --type API_KEY --set name=X-Key --set in=HEADER',
      { stdin: 'the-first-key-1234\n' },
    )
    const { id } = JSON.parse(out) as { id: string }
    const secret = { stdin: 'the-second-key-5678\n' }
    const tried = await type(`connections update ${id} --set-secret value --dry-run`, secret)
    expect(JSON.parse(tried.out)).toMatchObject({ dry_run: true, changes: ['value'] })
    expect((await type(`connections update ${id} --set name=X-Other --set-secret value`, secret)).code).toBe(
      0,
    )
    expect((await type(`connections show ${id} --field account_name`)).out).toBe('Header X-Other the***678\n')
    expect(await type(`connections update ${id} --unset value`)).toMatchObject({
      code: 2,
      err: expect.stringContaining('setup_changes.value'),
    })
    expect(await type(`connections update ${id} --set value=seen-by-all`)).toMatchObject({ code: 2 })
  })

  test('destroys only what was confirmed, and brings back', async () => {
    const id = await created()
    expect(await type(`connections delete ${id}`)).toMatchObject({
      code: 2,
      err: expect.stringMatching(/--confirm ac_/),
    })
    expect(await type(`connections delete ${id} --confirm ac_other`)).toMatchObject({ code: 2 })
    expect(await type(`connections delete ${id}`, { answers: ['no'] })).toMatchObject({ code: 130 })
    expect((await type(`connections show ${id}`)).code).toBe(0)
    expect((await type(`connections delete ${id} --even-if-used --confirm ${id}`)).code).toBe(0)
    expect((await type(`connections show ${id}`)).code).toBe(2)
    expect((await type(`connections restore ${id}`)).code).toBe(0)
  })

  test.each<[string, Typing, number, RegExp]>([
    ['connections create --app HTTP --name x --type NONE', {}, 2, /There are: .*BEARER/],
    ['connections create --app HTTP --name x', {}, 2, /Give --type with one of/],
    ['connections create --app HTTP', {}, 2, /Give --name/],
    ['connections create', {}, 2, /Give --app/],
    [
      'connections create --app HTTP --name x --type BEARER',
      {},
      2,
      /Bearer token is needed|is needed: pipe it in/,
    ],
    ['connections create --app HTTP --name x --type BEARER --set token=abc', {}, 2, /is a secret/],
    [
      'connections create --app HTTP --name x --type BEARER --set nothing=abc',
      {},
      2,
      /has no field "nothing"/,
    ],
    ['connections create --app HTTP --name x --setup-file -', { stdin: 'no json' }, 2, /is no JSON/],
    ['connections create --app HTTP --name x --setup-file /none', {}, 2, /Cannot read \/none: ENOENT/],
    ['connections create --app NONE --name x', {}, 2, /^There is no app "NONE"\. See: flow-vault connectors/],
    ['connections show ac_0000000000000000000000', {}, 2, /not found/i],
    ['connections list --per-page 900', {}, 2, /per_page/],
    ['connections lst', {}, 2, /unknown command/],
    ['connections list --jsn', {}, 2, /unknown option '--jsn'/],
    ['connections show', {}, 2, /missing required argument/],
    ['freeze add', {}, 2, /app_id|reason/],
  ])('refuses %s with a sentence', async (line, typing, code, sentence) => {
    const end = await type(line, typing)
    expect(end.code).toBe(code)
    expect(end.err).toMatch(sentence)
    expect(end.out).toBe('')
  })

  test('prints an error as the API’s object on request', async () => {
    const { err } = await type('connections show ac_0000000000000000000000 --json')
    expect(JSON.parse(err)).toMatchObject({ statusCode: 404 })
  })
})

describe('flow-vault freeze', () => {
  test('stops a connection and lifts it', async () => {
    const id = await created()
    const added = await type(`freeze add --connection ${id} --reason leaked`)
    const freeze = JSON.parse(added.out) as { id: string }
    const read = await type(`read ${id} token`)
    expect(read).toMatchObject({ code: 5, out: '' })
    expect(read.err).toMatch(/frozen/i)
    expect((await type(`freeze lift ${freeze.id}`)).code).toBe(0)
    expect((await type(`read ${id} token`)).out).toBe('token-of-the-orders\n')
  })
})

describe('flow-vault flows', () => {
  test('are said to use a connection, listed, and taken out', async () => {
    const id = await created()
    const where = '--flow-url https://editor.example.test/nightly'
    expect((await type(`flows add ${id} nightly --name Nightly --action twilio_1 ${where}`)).code).toBe(0)
    expect((await type(`flows list ${id}`, { tty: true })).out).toMatch(
      /nightly +Nightly +twilio_1 +\S+ +https:\/\/editor\.example\.test\/nightly/,
    )
    expect((await type(`connections delete ${id} --confirm ${id}`)).err).toContain('Nightly (nightly)')
    expect((await type(`flows remove ${id} nightly`)).code).toBe(0)
    expect((await type(`connections delete ${id} --confirm ${id}`)).code).toBe(0)
  })
})

describe('flow-vault with --json', () => {
  test.each([
    ['connections list --bogus --json', "unknown option '--bogus'"],
    ['connections lst --json', "unknown command 'lst'"],
    ['connections show --json', "missing required argument 'id'"],
    ['connections --json', 'Which command?'],
  ])('tells as JSON what is wrong with %s', async (line, words) => {
    const { code, err } = await type(line)
    expect(code).toBe(2)
    expect(JSON.parse(err)).toEqual({ error: expect.stringContaining(words), exit_code: 2 })
  })

  test('ends without a word when nobody reads on', async () => {
    const end = await runProgram('cli/flow-vault.ts', { args: ['--help'], reads: false })
    expect(end).toEqual({ code: 0, out: '', err: '' })
  })

  test('is its own, and not that of a program that it runs', async () => {
    expect((await type('connections --json list --no-input', { tty: true })).out).toMatch(/^\[/)
    const end = await typeCommand(['run', '--env', 'A=x', '--', 'jq', '--json'], { env })
    expect(end.err).toMatch(/^--env "A=x" is not/)
  })
})

describe('flow-vault permits', () => {
  test('narrow a client and let it go', async () => {
    const id = await created()
    const added = await type(`permits add --client nobody --connection ${id} --until 2100-01-01T00:00:00Z`)
    const permit = JSON.parse(added.out) as { id: string }
    expect((await type('permits list')).out).toContain(id)
    expect((await type('permits add --client nobody')).err).toMatch(/connections or apps/)
    expect((await type(`permits remove ${permit.id} --confirm ${permit.id}`)).code).toBe(0)
  })
})

describe('flow-vault subscriptions', () => {
  test('are made, paused, listed and ended', async () => {
    const { out } = await type(
      'subscriptions create --name ops --to https://hooks.example.com/x --type connection.deleted',
    )
    const made = JSON.parse(out) as { id: string; secret: string }
    expect(made.secret).toMatch(/^whsec_/)
    expect((await type(`subscriptions pause ${made.id} --field status`)).out).toBe('paused\n')
    const changed = await type(`subscriptions update ${made.id} --type all --name none --json`)
    expect(JSON.parse(changed.out)).toMatchObject({ name: null, types: null, status: 'paused' })
    const id = await created()
    await type(`subscriptions update ${made.id} --of ${id}`)
    expect((await type(`subscriptions show ${made.id} --field connection_ids`)).out).toBe(`["${id}"]\n`)
    const rotated = await type(`subscriptions rotate-secret ${made.id} --expire-previous --field secret`)
    expect(rotated.out).toMatch(/^whsec_/)
    expect(rotated.out).not.toContain(made.secret)
    const resumed = await type(`subscriptions resume ${made.id} --replay-after latest`)
    expect(JSON.parse(resumed.out)).toMatchObject({ status: 'enabled', replayed: { queued: 0 } })
    expect((await type(`subscriptions update ${made.id}`)).err).toMatch(/^What is to change\?/)
    await type(`subscriptions pause ${made.id}`)
    expect((await type('subscriptions list', { tty: true })).out).toMatch(
      /paused +https:\/\/hooks\.example\.com/,
    )
    expect((await type(`subscriptions delete ${made.id} --confirm ${made.id}`)).code).toBe(0)
    expect((await type('subscriptions create --to http://hooks.example.com')).code).toBe(2)
    expect(
      (await type('subscriptions create --to https://h.example.com --type connection.nothing')).code,
    ).toBe(2)
  })
})

describe('flow-vault events', () => {
  test('tail prints a line for each change since a place in the feed', async () => {
    const now = await running.request({ tenant: 'acme' }, 'GET', '/api/v2/flows/vault/events?after=latest')
    const { after } = (await now.json()) as { after: string }
    const id = await created()
    const stop = new AbortController()
    const { out } = await type(`events tail --after ${after}`, {
      signal: stop.signal,
      onPause: () => stop.abort(),
    })
    expect(JSON.parse(out)).toMatchObject({ type: 'connection.created', connection_id: id })
    expect((await type('events tail --after nonsense --once')).code).toBe(2)
  })

  test('tail --once prints all that is kept, and what came since an instant', async () => {
    const before = new Date().toISOString()
    const id = await created()
    const all = (await type('events tail --once')).out
    expect(all.trim().split('\n').length).toBeGreaterThan(1)
    expect(JSON.parse(all.trim().split('\n').at(-1)!)).toMatchObject({ connection_id: id })
    expect((await type(`events tail --once --after ${before}`)).out).toContain(id)
    expect((await type('events tail --once --after latest')).out).toBe('')
  })
})

describe('flow-vault read', () => {
  test('shows no secret on a screen unless told to', async () => {
    const id = await created()
    expect(await type(`read ${id} token`, { tty: true })).toMatchObject({ code: 2, out: '' })
    expect((await type(`read ${id} token --reveal`, { tty: true })).out).toBe('token-of-the-orders\n')
    expect((await type(`read ${id} nothing`)).err).toMatch(/There are: token/)
  })
})

describe('flow-vault run', () => {
  const print =
    'process.stdout.write(process.env.A + process.env.B + process.env.FLOW_VAULT_CLIENT_SECRET); process.exit(7)'

  test.each([
    [['--env', 'A=ac_x'], /VARIABLE=ac_…:field/],
    [['--min-ttl', 'soon', '--env', 'A=ac_1:token'], /whole number of seconds/],
    [['--env-file', '/none'], /Cannot read/],
    [['--flow', 'a flow', '--env', 'A=ac_1:token'], /--flow is up to 100 letters/],
  ])('refuses %j', async (options, sentence) => {
    const end = await typeCommand(['run', ...options, '--', 'true'], { env })
    expect(end).toMatchObject({ code: 2, err: expect.stringMatching(sentence) })
  })

  test('gives the program its credentials, and none of ours', async () => {
    const id = await created()
    const file = path.join(folder, 'flow.env')
    fs.writeFileSync(file, `# the flow's\nB="flow-vault://${id}/token"\n`)
    const target = path.join(folder, 'printed')
    const script = print.replace(
      'process.stdout.write',
      `require('fs').writeFileSync(${JSON.stringify(target)}, ''+`,
    )
    const before = process.exitCode
    const line = [
      'run',
      '--flow',
      'nightly',
      '--env',
      `A=${id}:token`,
      '--env-file',
      file,
      '--',
      process.execPath,
      '-e',
      `${script.replace(');', '));')}`,
    ]
    const end = await typeCommand(line, { env: { ...env, PATH: process.env['PATH'] ?? '' }, cwd: folder })
    const childCode = process.exitCode
    process.exitCode = before
    expect([end.code, end.err, childCode]).toEqual([0, '', 7])
    await running.server.vault.usage.flush()
    const usage = JSON.parse((await type(`usage ${id}`)).out)
    expect(usage.flows).toMatchObject([{ flow: 'nightly', count: 1 }])
    expect(fs.readFileSync(target, 'utf8')).toBe('token-of-the-orderstoken-of-the-ordersundefined')
  })
})

describe('profiles', () => {
  test('keep how to reach a vault in a file of one’s own, and are used by name', async () => {
    const { FLOW_VAULT_CLIENT_SECRET: secret, FLOW_VAULT_CLIENT_ID: id, FLOW_VAULT_CONFIG: file } = env
    const bare = { FLOW_VAULT_CONFIG: file! }
    const login = ['login', '--url', running.url, '--client-id', id!, '--name', 'test']
    expect(await typeCommand(login, { env: bare, stdin: 'wrong' })).toMatchObject({
      code: 4,
      err: expect.stringMatching(/refused the client .*: Client id and secret do not fit\.\n$/),
    })
    expect(fs.existsSync(file!)).toBe(false)
    expect((await typeCommand(login, { env: bare, stdin: secret! })).code).toBe(0)
    expect(fs.statSync(file!).mode & 0o777).toBe(0o600)
    const who = await typeCommand(['whoami'], { env: bare })
    expect(JSON.parse(who.out)).toMatchObject({ vault: running.url, from: 'the profile test', client: id })
    expect((await typeCommand(['connections', 'list', '--profile', 'nope'], { env: bare })).err).toMatch(
      /There are: test/,
    )
    fs.chmodSync(file!, 0o644)
    expect((await typeCommand(['whoami'], { env: bare })).err).toMatch(/chmod 600/)
    fs.chmodSync(file!, 0o600)
    const inFolder = await typeCommand(['whoami'], { env: { ...bare, FLOW_VAULT_CONFIG: folder } })
    expect(inFolder).toMatchObject({
      code: 2,
      err: expect.stringMatching(/ is no file\. FLOW_VAULT_CONFIG names/),
    })
    expect(inFolder.err).not.toContain('chmod')
    const nowhere = path.join(folder, 'nowhere')
    fs.symlinkSync(path.join(folder, 'gone', 'else'), nowhere)
    for (const [FLOW_VAULT_CONFIG, command, end] of [
      [path.join(file!, 'profiles.json'), ['whoami'], [2, /^Cannot read .*profiles\.json: ENOTDIR\.\n$/]],
      [path.join(nowhere, 'profiles.json'), login, [1, /^Cannot write .*profiles\.json: E[A-Z]+\.\n$/]],
    ] as const) {
      const { code, err } = await typeCommand(command, { env: { FLOW_VAULT_CONFIG }, stdin: secret! })
      expect([code, err]).toEqual([end[0], expect.stringMatching(end[1])])
    }
    expect((await typeCommand(['logout', 'test'], { env: bare })).code).toBe(0)
    expect((await typeCommand(['whoami'], { env: bare })).err).toMatch(/Which vault\?/)
  })

  test('without a server, say who does not answer', async () => {
    const end = await typeCommand(['connections', 'list'], {
      env: { ...env, FLOW_VAULT_URL: 'http://127.0.0.1:9' },
    })
    expect(end).toMatchObject({
      code: 6,
      err: expect.stringMatching(/No vault answers at http:\/\/127\.0\.0\.1:9/),
    })
  })
})

describe('completion', () => {
  test.each(['bash', 'zsh', 'fish'])('knows every command in %s', async (shell) => {
    const { out } = await type(`completion ${shell}`)
    for (const word of ['connections', 'oauth-apps', 'rotate-key', 'authorize', '--setup-file'])
      expect(out).toContain(word)
  })
  test('refuses another shell', async () => {
    expect(await type('completion tcsh')).toMatchObject({
      code: 2,
      err: expect.stringMatching(/bash, zsh, fish/),
    })
  })
})
