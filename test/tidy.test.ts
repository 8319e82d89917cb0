import { readFileSync } from 'node:fs'
import path from 'node:path'
import { APP_IDS } from '../shared/connectors/catalogue.ts'
import { installedPackages } from './support/installed-packages.ts'
import { listFiles, PROJECT_ROOT, readSourceFiles, type SourceFile } from './support/source-files.ts'

/*
 * The house rules, as far as a machine can read them. A list names who may break a rule, and why.
 */

const SOURCES = readSourceFiles(['functions', 'shared', 'infra', 'cli', 'web', 'tools/capacity', 'tools/aws'])
const TESTS = readSourceFiles(['test'])
const HERE = 'test/tidy.test.ts'

const MAX_FILE_LINES = 300
const MAX_FUNCTION_LINES = 60

const INNER = [
  ...['functions', 'route table', 'use-cases', 'rows', 'ports', 'settings', 'connectors', 'domain'],
] as const

/** What lies in each layer, and what it may import; the first layer that fits a file is its own. */
const LAYERS: readonly { name: string; files: RegExp; mayImport: readonly string[] }[] = [
  { name: 'domain', files: /^shared\/domain\//, mayImport: ['domain'] },
  // What a flow imports stands alone: it is bundled for Lambda, browsers and edge runtimes.
  { name: 'flow client', files: /^shared\/flow-client\//, mayImport: ['flow client'] },
  { name: 'connectors', files: /^shared\/connectors\//, mayImport: ['connectors', 'domain'] },
  { name: 'ports', files: /^shared\/ports\//, mayImport: ['ports', 'domain'] },
  { name: 'settings', files: /^shared\/settings\//, mayImport: ['settings', 'ports', 'domain'] },
  // How items are stored, one kind after the other.
  { name: 'rows', files: /^shared\/rows\//, mayImport: ['rows', 'ports', 'domain'] },
  {
    name: 'use-cases',
    files: /^shared\/use-cases\//,
    mayImport: ['use-cases', 'rows', 'ports', 'connectors', 'domain'],
  },
  {
    // What an adapter says of its service, for whoever provisions it: the table's keys, the writes it keeps to.
    name: 'service facts',
    files:
      /^shared\/adapters\/(?:dynamodb\/(?:table-definition|stream-facts)|kms\/key-names|secrets-manager\/write-budget|eventbridge\/bus-facts)\.ts$/,
    mayImport: ['ports', 'domain'],
  },
  {
    name: 'adapters',
    files: /^shared\/adapters\//,
    mayImport: ['adapters', 'service facts', 'rows', 'ports', 'domain'],
  },
  {
    name: 'route table',
    files: /^functions\/(?:config|route|route-table|[a-z]+\/routes)\.ts$/,
    mayImport: INNER,
  },
  {
    // What both worlds are built of.
    name: 'composition',
    files: /^functions\/compose-[a-z-]+\.ts$/,
    mayImport: [...INNER, 'adapters'],
  },
  {
    name: 'wire',
    files: /^functions\/wire[a-z-]*\.ts$/,
    mayImport: [...INNER, 'adapters', 'service facts', 'composition', 'wire'],
  },
  { name: 'functions', files: /^functions\//, mayImport: [...INNER, 'wire'] },
  { name: 'web', files: /^web\//, mayImport: ['web'] },
  // The page is read from disk and bundled, never imported.
  { name: 'web build', files: /^infra\/web\//, mayImport: ['web build', 'domain'] },
  {
    name: 'embedded',
    files: /^infra\/embedded\//,
    mayImport: [...INNER, 'embedded', 'adapters', 'composition', 'web build'],
  },
  { name: 'command line', files: /^cli\//, mayImport: ['command line', 'flow client', 'embedded'] },
  {
    // What an operator runs beside a deployment, over the same stores as the functions.
    name: 'operations',
    files: /^tools\/aws\//,
    mayImport: ['operations', 'tools', 'infra', 'embedded', ...INNER, 'adapters', 'service facts'],
  },
  {
    name: 'tools',
    files: /^tools\//,
    mayImport: ['tools', 'infra', 'service facts', 'ports', 'domain'],
  },
  {
    name: 'infra',
    files: /^infra\//,
    // What is bundled as data: the presets.
    mayImport: [
      ...['infra', 'web build', 'route table', 'service facts', 'settings', 'ports', 'domain'],
      'connectors',
    ],
  },
]

/** The folders of the use cases, lowest first: each imports from itself and from those before it. */
const USE_CASE_FOLDERS = [
  ...[
    'memory',
    'neighbours',
    'commit',
    'usage',
    'permits',
    'events',
    'oauth-applications',
    'grants',
    'freezes',
    'rotation',
    'fetch',
    'connections',
    'subscriptions',
    'authorize',
    'reconcile',
  ],
]

/** Arrows that go further all the same, and why. */
const OTHER_ARROWS: Readonly<Record<string, string>> = {
  'infra/function-table.ts functions/reconcile/handler.ts': 'the type of the event that a schedule sends',
}

/** What is started or bundled by its name, and the stores that only tests run on. */
const ENTRY_POINTS: readonly RegExp[] = [
  /^functions\/[a-z-]+\/index\.ts$/,
  /^infra\/(?:app|synth|constructs\/no-[a-z-]+)\.ts$/,
  /^cli\/flow-vault\.ts$/,
  /^infra\/embedded\/(?:main|commands\/[a-z-]+-command)\.ts$/,
  /^infra\/package\/build-command\.ts$/,
  /^tools\/(?:capacity|aws)\/[a-z-]+-command\.ts$/,
  /^shared\/flow-client\/(?:client|middleware)\.ts$/,
  /^web\/(?:vault-page|picker\/picker|theme-boot|css\.d)\.ts$/,
  /^shared\/adapters\/memory\/memory-[a-z-]+-store\.ts$/,
]

/** Time, chance and settings come from outside: each is touched in these files only, within functions and shared. */
const SINGLE_PLACES: readonly { what: RegExp; files: readonly string[] }[] = [
  {
    what: /\bDate\.now\b|\bnew Date\(\)/,
    files: ['shared/adapters/system/system-clock.ts', 'shared/flow-client/system.ts', 'cli/flow-vault.ts'],
  },
  {
    what: /\bperformance\./,
    files: ['shared/adapters/system/system-clock.ts', 'shared/flow-client/system.ts'],
  },
  {
    what: /\bset(?:Timeout|Interval)\b/,
    files: ['shared/adapters/system/system-clock.ts', 'shared/flow-client/system.ts', 'cli/flow-vault.ts'],
  },
  {
    what: /\bMath\.random\b|\brandom(?:Bytes|UUID|Int|FillSync)\b|\bgetRandomValues\b/,
    files: ['shared/adapters/system/system-random.ts', 'shared/flow-client/system.ts'],
  },
  { what: /\bprocess\.env\b/, files: ['functions/wire.ts', 'functions/wire-ports.ts', 'cli/flow-vault.ts'] },
]

/** Who may turn a SecretText into plain text, and what for. */
const REVEALERS: Readonly<Record<string, string>> = {
  'functions/api/routes/create-subscription.ts': 'a signing secret is shown to who asked for it, once',
  'functions/api/routes/rotate-subscription-secret.ts': 'a new signing secret is shown, once',
  'shared/use-cases/subscriptions/signing-secret.ts': 'a webhook is signed, and its key sealed',
  'functions/credentials/routes/fetch-credential.ts': 'the answer that flows fetch is the credential',
  'shared/use-cases/authorize/build-authorization-url.ts': 'state and challenge are parts of the URL',
  'shared/use-cases/authorize/start-authorization.ts': 'the link is the answer, for a browser to open',
  'functions/authorize/browser-cookie.ts': 'a browser keeps its own name',
  'functions/authorize/start-page.ts': 'the form sends the ticket of the link that it was opened by',
  'functions/authorize/routes/start-authorization.ts': 'the browser is redirected to the provider',
  'shared/use-cases/grants/code-claim.ts': 'a code is digested',
  'shared/use-cases/connections/change-setup.ts': 'changes are laid over the stored setup',
  'shared/use-cases/grants/grant-records.ts': 'a grant is written into the content that is sealed next',
  'shared/domain/imported-grant.ts': 'an imported grant is written into the content that is sealed next',
  'shared/use-cases/connections/import-grant.ts': 'an imported grant is digested with the body it came in',
  'shared/use-cases/memory/opened-secrets.ts': 'an opened secret is parsed',
  'shared/use-cases/oauth-applications/application-setup.ts':
    'a client secret is written into the content that is sealed next',
  'shared/ports/grant-call.ts': 'secrets travel to the one function that calls providers',
  'shared/adapters/oauth/client-authentication.ts': 'a client authenticates to its provider',
  'shared/adapters/oauth/token-request.ts': 'code, verifier and refresh token are parameters of the request',
  'shared/adapters/oauth/answer-json.ts': 'a token answer is parsed',
  'shared/adapters/oauth/answer-shape.ts': 'a token answer is parsed, whatever it is wrapped in',
  'shared/adapters/oauth/refusal-words.ts': 'a refusal in plain words is read',
  'shared/adapters/oauth/revocation.ts': 'the token to revoke is a parameter of the request',
  'shared/adapters/oauth/proxy-tunnel.ts': 'the vault authenticates to its outgoing proxy',
  'shared/adapters/oauth/imported-tokens.ts': 'a token that was brought along is read where it is a JWT',
  'shared/adapters/oauth/probe.ts': 'the credential is laid over the test call',
  'shared/adapters/oauth/provider-oauth-client.ts': 'templates are rendered from the setup',
  'shared/adapters/oauth/grant-account.ts': 'the account is asked for with the new token',
  'shared/adapters/oauth/grant-metadata.ts': 'the account is asked for with the new token',
  'shared/adapters/secrets-manager/secrets-manager-store.ts': 'the store is given the value',
  'shared/adapters/sealed/envelope.ts': 'the value is encrypted',
  'shared/adapters/sealed/local-digester.ts': 'the text is hashed under the key',
  'shared/adapters/kms/kms-digester.ts': 'the text is hashed',
  'shared/adapters/memory/memory-secret-store.ts': 'a repeated put is compared with what is stored',
  'infra/embedded/issuer/client-registry.ts': 'a new client secret is hashed',
  'infra/embedded/issuer/client-routes.ts': 'a new client secret is shown to the person who made it, once',
  'infra/embedded/copies/sealed-stream.ts': 'a passphrase or key is handed to what opens the backup',
  'infra/embedded/commands/client-command.ts': 'a new client secret is shown to the person who made it, once',
  'infra/embedded/issuer/dev-client.ts': 'the first client is written to a file that its owner alone reads',
}

/** Who may read the message of a caught error, and why no foreign one gets out by it; commands are for a terminal. */
const MESSAGE_READERS: Readonly<Record<string, string>> = {
  'shared/ports/grant-call.ts': 'our own classes travel between two functions',
  'shared/use-cases/connections/change-setup.ts': 'a VaultError about the whole is told of the changes',
  'functions/middleware/problem-response.ts': 'a VaultError is worded for its caller',
  'shared/adapters/sealed/key-check.ts': 'a KeyUnavailableError, with what it means at a start',
  'infra/embedded/tls/certificate-renewal.ts': 'a DamagedFileError, which names the file',
  'infra/embedded/commands/command.ts': 'refusals, and system calls with their paths',
  'infra/embedded/copies/back-up.ts': 'a wrong option or recipient, for who typed it',
  'infra/embedded/copies/restore-vault.ts': 'what is wrong with a backup, for who restores it',
}

/** What a person starts and watches, and never runs unattended; the page shows what the API worded for its caller. */
const NOT_LOGGING =
  /^cli\/|^tools\/|^infra\/(?:[a-z-]+\.ts$|embedded\/commands\/(?:[a-z-]+-command|request-token)\.ts$)|^web\//

/** Who takes a value for another type by force, and why no stored item is among them: those go through their codec. */
const CASTERS: Readonly<Record<string, string>> = {
  'shared/rows/row-codec.ts': 'the one place where attributes become a value, once their format is known',
  'shared/connectors/setup-schema.ts': 'a JSON Schema that zod has made is plain JSON',
  'shared/adapters/sqlite/item-statements.ts':
    'rows come as arrays where a statement is told so; its types do not know',
  'shared/adapters/jwt/discovered-keys.ts': 'jose checks each key of a set that is there',
  'functions/route.ts': 'parse-request gives a handler exactly what its schemas put out',
  'functions/api/setup-body.ts': 'what JSON.parse has made is JSON; zod calls it unknown',
}

/** Who names the partitions of the row store beside `shared/domain`, and why no key is built there. */
const PARTITION_NAMERS: Readonly<Record<string, string>> = {
  'infra/constructs/grants.ts': 'patterns of leading keys, for the policies of roles',
  'infra/constructs/event-grants.ts': 'patterns of leading keys, for the policies of roles',
  'infra/constructs/secret-stores.ts': 'patterns of leading keys, for the policies of roles',
  'tools/aws/move/moved-kinds.ts': 'the kinds that a move knows, each with what becomes of it',
  'shared/adapters/sqlite/migrations.ts': 'a step of the schema stays as it was released',
}

/**
 * Who reads a row that may be behind: nothing is taken for deleted, ended or refused because such a read shows none.
 */
const WEAK_READERS: Readonly<Record<string, string>> = {
  'shared/adapters/items/item-breaker.ts':
    'whether a provider is to be spared is a hint, and looked up each second',
  'shared/use-cases/reconcile/leftover-tokens.ts':
    'what is found is in use; what is not is looked up strongly',
  'shared/use-cases/reconcile/page-comparison.ts':
    'what is found is in use; what is not is looked up strongly',
}

/** What the recipes would have somebody write. */
const FILES_ON_PAPER = ['CONTRIBUTING.md: shared/adapters/vault-kv/vault-kv-store.ts']

/** Packages are used under these alone; with OR, one of them is enough, and with AND all are needed. */
const LICENCES = new Set([
  ...['0BSD', 'Apache-2.0', 'BSD-2-Clause', 'BSD-3-Clause', 'BlueOak-1.0.0', 'CC-BY-4.0', 'CC0-1.0'],
  ...['ISC', 'MIT', 'MIT-0', 'Python-2.0', 'Unlicense', 'WTFPL', 'Zlib'],
  // Weak copyleft by file: axe-core, which only the browser tests load, unmodified.
  'MPL-2.0',
])

/** A function's own files, a route beside its use case, and a tool's command are named by the place they have. */
function isNamedByItsPlace(file: string): boolean {
  const isOfFunction = /^functions\/[a-z-]+\/(?:index|handler|ports|routes)\.ts$/
  return isOfFunction.test(file) || /^functions\/[a-z-]+\/routes\//.test(file)
}

/** Every line of code that the pattern matches, as file and line. */
function linesWith(files: readonly SourceFile[], pattern: RegExp, read: 'code' | 'text' = 'code'): string[] {
  return files.flatMap((file) =>
    file[read]
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file.path}:${index + 1}`] : [])),
  )
}

/** The circles of files that load each other, each as the way round. */
function circlesOf(files: readonly SourceFile[]): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]))
  const finished = new Set<string>()
  const circles: string[] = []
  const visit = (file: SourceFile, way: readonly string[]): void => {
    if (finished.has(file.path)) return
    const before = way.indexOf(file.path)
    if (before >= 0) {
      circles.push([...way.slice(before), file.path].join(' → '))
      return
    }
    for (const target of file.imports) {
      const next = byPath.get(target)
      if (next !== undefined) visit(next, [...way, file.path])
    }
    finished.add(file.path)
  }
  for (const file of files) visit(file, [])
  return circles
}

function layerOf(file: string): string | undefined {
  return LAYERS.find(({ files }) => files.test(file))?.name
}

describe('dependencies', () => {
  test('point inward', () => {
    const outward = SOURCES.flatMap((file) => {
      const layer = LAYERS.find(({ files }) => files.test(file.path))
      if (layer === undefined) return [`${file.path} lies in no layer`]
      return file.imports
        .filter((target) => !layer.mayImport.includes(layerOf(target) ?? ''))
        .filter((target) => OTHER_ARROWS[`${file.path} ${target}`] === undefined)
        .map((target) => `${file.path} (${layer.name}) imports ${target} (${layerOf(target)})`)
    })
    expect(outward).toEqual([])
  })

  test('lead to every file from an entry point', () => {
    const byPath = new Map(SOURCES.map((file) => [file.path, file]))
    const reached = new Set<string>()
    const visit = (file: SourceFile | undefined): void => {
      if (file === undefined || reached.has(file.path)) return
      reached.add(file.path)
      for (const target of file.imports) visit(byPath.get(target))
    }
    for (const file of SOURCES) if (ENTRY_POINTS.some((entry) => entry.test(file.path))) visit(file)
    expect(SOURCES.map((file) => file.path).filter((file) => !reached.has(file))).toEqual([])
  })

  test('never go round in a circle', () => {
    expect(circlesOf(SOURCES)).toEqual([])
  })

  test('between the folders of the use cases go down', () => {
    const levelOf = (file: string): number => USE_CASE_FOLDERS.indexOf(file.split('/')[2] ?? '')
    const useCases = SOURCES.filter((file) => file.path.startsWith('shared/use-cases/'))
    expect(useCases.filter((file) => levelOf(file.path) < 0).map((file) => file.path)).toEqual([])
    const upward = useCases.flatMap((file) =>
      file.imports
        .filter((target) => target.startsWith('shared/use-cases/'))
        .filter((target) => levelOf(target) > levelOf(file.path))
        .map((target) => `${file.path} imports ${target}`),
    )
    expect(upward).toEqual([])
  })

  test('do not go through barrels', () => {
    expect([...SOURCES, ...TESTS].filter((file) => file.isBarrel).map((file) => file.path)).toEqual([])
  })
})

describe('time, chance and settings', () => {
  test.each(SINGLE_PLACES)('$what is in one place', ({ what, files }) => {
    const inside = SOURCES.filter(
      (file) => !/^(?:infra|web|tools)\//.test(file.path) && !files.includes(file.path),
    )
    expect(linesWith(inside, what)).toEqual([])
  })
})

describe('size', () => {
  test('of a file is at most 300 lines', () => {
    const long = SOURCES.filter((file) => file.text.split('\n').length - 1 > MAX_FILE_LINES)
    expect(long.map((file) => file.path)).toEqual([])
  })

  test('of a function is at most 60 lines', () => {
    const long = SOURCES.flatMap((file) =>
      file.functions
        .filter(({ lines }) => lines > MAX_FUNCTION_LINES)
        .map(({ line, lines }) => `${file.path}:${line} has ${lines} lines`),
    )
    expect(long).toEqual([])
  })
})

describe('secrets', () => {
  test('are revealed where the list says why, and nowhere else', () => {
    const found = SOURCES.filter((file) => /\.reveal\(/.test(file.code)).map((file) => file.path)
    expect(found).toEqual(Object.keys(REVEALERS).sort())
  })

  test('do not come out in the message of a foreign error', () => {
    const readers = SOURCES.filter((file) => /\berror\.(?:message|stack)\b/.test(file.code))
    const logging = readers.map((file) => file.path).filter((file) => !NOT_LOGGING.test(file))
    expect(logging).toEqual(Object.keys(MESSAGE_READERS).sort())
  })

  test('do not reach the console, and nothing else does', () => {
    expect(linesWith([...SOURCES, ...TESTS], /\bconsole\s*\./)).toEqual([])
  })
})

describe('stored items', () => {
  test('become values, and values items, in shared/rows and nowhere else', () => {
    const found = SOURCES.filter((file) => !/^(?:web|cli)\//.test(file.path))
      .filter((file) => /\bas unknown as\b/.test(file.code))
      .map((file) => file.path)
    expect(found).toEqual(Object.keys(CASTERS).sort())
  })

  test('are read as they are, and not as they were, where their absence means anything', () => {
    const weak = SOURCES.filter((file) => /\bconsistent: (?!true\b)/.test(file.code)).map((file) => file.path)
    expect(weak).toEqual(Object.keys(WEAK_READERS))
  })

  test('have keys that are built in shared/domain', () => {
    const others = SOURCES.filter((file) => !file.path.startsWith('shared/domain/'))
    const named = others.filter((file) => /['`](?:TENANT|STATE|ACCESS|REFRESH|SECRET|VAULT)#/.test(file.text))
    expect(named.map((file) => file.path)).toEqual(Object.keys(PARTITION_NAMERS).sort())
    const inner = others.filter((file) => /^(?:shared|infra\/embedded|tools)\//.test(file.path))
    expect(linesWith(inner, /\b(?:partition|sort(?:Prefix)?): ?['`]/, 'text')).toEqual([])
  })
})

describe('connectors', () => {
  test('are told apart by their data, never by their name', () => {
    const outside = SOURCES.filter((file) => !file.path.startsWith('shared/connectors/'))
    const names = APP_IDS.join('|')
    const compared = new RegExp(`(?:[=!]==|\\bcase|\\bincludes\\()\\s*['"\`](?:${names})['"\`]`)
    expect(linesWith(outside, compared, 'text')).toEqual([])
    expect(linesWith(SOURCES, /\b(?:connector\.(?:appId|id)|appId)\s*[=!]==\s*['"`]/, 'text')).toEqual([])
  })
})

describe('words', () => {
  const documents = [
    ...listFiles(['docs'], '').filter((file) => !file.endsWith('.png')),
    ...['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md'],
  ].map(asText)
  const files = [
    ...[...SOURCES, ...TESTS].filter((file) => file.path !== HERE),
    ...documents,
    asText('package.json'),
  ]

  test('of documents name npm scripts that there are', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = documents.flatMap(({ text }) =>
      [...text.matchAll(/\bnpm run (?:-s |--silent )?([a-z][\w:-]*)/g)].map(([, script]) => script!),
    )
    expect(named.length).toBeGreaterThan(0)
    expect(named.filter((script) => !Object.hasOwn(scripts, script))).toEqual([])
  })

  test('of documents name files that there are', () => {
    const paths = [...SOURCES, ...TESTS].map((file) => `/${file.path}`)
    const named = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/`(\w[\w./-]*\.ts)`/g)].map(([, name]) => `${path}: ${name}`),
    )
    expect(named.length).toBeGreaterThan(0)
    const unknown = named.filter((line) => !paths.some((each) => each.endsWith(`/${line.split(': ')[1]}`)))
    expect(unknown).toEqual(FILES_ON_PAPER)
  })

  test('promise nothing for later', () => {
    expect(linesWith(files, /\b(?:TODO|FIXME|XXX|HACK)\b(?!['\]])|\bfor now\b|\bstubs?\b/, 'text')).toEqual(
      [],
    )
  })

  test('say nothing of how the work was organised', () => {
    const organisation =
      /\/work\/|shared\/facts|\bhelper-\w|\bissues? #\d|\bteammate|\bbrief\.md|\bpart \d+ of\b/i
    expect(linesWith(files, organisation, 'text')).toEqual([])
  })
})

describe('names', () => {
  test('of files are kebab-case and say what they answer', () => {
    const paths = [...SOURCES, ...TESTS].map((file) => file.path)
    const odd = paths.filter((file) => !/^(?:[a-z0-9-]+\/)+[a-z0-9]+(?:[-.][a-z0-9]+)*\.ts$/.test(file))
    expect(odd).toEqual([])
    expect(paths.filter((file) => /(?:^|[/.-])(?:utils?|helpers?|misc|common)\.ts$/.test(file))).toEqual([])
  })

  test('of two files differ, but for a route and its use case', () => {
    const named = new Map<string, string[]>()
    for (const { path: file } of SOURCES.filter(({ path: file }) => !isNamedByItsPlace(file))) {
      const name = path.posix.basename(file)
      named.set(name, [...(named.get(name) ?? []), file])
    }
    expect([...named.values()].filter((files) => files.length > 1)).toEqual([])
  })

  test('are exported, not defaults', () => {
    expect(linesWith([...SOURCES, ...TESTS], /^export default\b/)).toEqual([])
  })
})

describe('exports', () => {
  test('that run, or are looked up, each have a docstring', () => {
    const bare = SOURCES.flatMap((file) =>
      file.exports
        .filter(({ isType, hasDocstring }) => !isType && !hasDocstring)
        .map(({ name, line }) => `${file.path}:${line} ${name}`),
    )
    expect(bare).toEqual([])
  })
})

describe('packages', () => {
  const { dependencies, devDependencies } = JSON.parse(read('package.json'))

  test('are asked for by exact version', () => {
    const loose = Object.entries<string>({ ...dependencies, ...devDependencies }).filter(
      ([, version]) => !/^\d+\.\d+\.\d+$/.test(version),
    )
    expect(loose).toEqual([])
  })

  test('come under a licence of the list', () => {
    const others = installedPackages().filter(({ licence }) => !isAllowed(licence))
    expect(others).toEqual([])
  })

  test('are locked without the name of a host', () => {
    expect(read('package-lock.json')).not.toMatch(/"resolved"/)
  })
})

function isAllowed(licence: string): boolean {
  const alternatives = licence.replaceAll(/[()]/g, '').split(' OR ')
  return alternatives.some((each) => each.split(' AND ').every((name) => LICENCES.has(name)))
}

function read(file: string): string {
  return readFileSync(path.join(PROJECT_ROOT, file), 'utf8')
}

function asText(file: string): SourceFile {
  return { path: file, text: read(file), code: '', imports: [], functions: [], exports: [], isBarrel: false }
}
