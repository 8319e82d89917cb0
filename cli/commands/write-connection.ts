import { type Command, type CommandContext, type Input, part, text } from '../cli-command.ts'
import { CliError, EXIT } from '../cli-error.ts'
import { JSON_OPTIONS, readSecret, readSetup, readSetupFile } from '../secret-input.ts'

interface DescribedField {
  readonly name: string
  readonly label: string
  readonly secret: boolean
  readonly required: boolean
  readonly enum?: readonly string[]
  readonly headless?: boolean
}
interface DescribedSetup {
  readonly type: string
  readonly type_required: boolean
  readonly label: string
  readonly fields: readonly DescribedField[]
  readonly fields_with_application?: readonly DescribedField[]
}
interface DescribedConnector {
  readonly app_id: string
  readonly label: string
  readonly setups: readonly DescribedSetup[]
}

const SETUP_OPTIONS = [
  ...JSON_OPTIONS,
  { flags: '--type <type>', about: 'which kind of setup, where the app has several' },
  { flags: '--set <name=value>', about: 'a field that is no secret; may be repeated', repeats: true },
] as const

const END_OPTIONS = [
  {
    flags: '--expires <instant>',
    about: 'when what is entered ends, such as 2027-01-31T00:00:00Z; people are warned ahead',
  },
  { flags: '--enforce-expiry', about: 'refuse flows after that' },
] as const

/** The members that say when a static credential ends. */
function endOf(input: Input): { credential_expires_at?: string | null; enforce_expiry?: true } {
  const expires = text(input, 'expires')
  return {
    ...(expires === undefined ? {} : { credential_expires_at: expires === 'never' ? null : expires }),
    ...(input.options['enforceExpiry'] === true ? { enforce_expiry: true } : {}),
  }
}

/** Makes a connection; asks for what is missing, secrets unseen. */
export const createConnectionCommand: Command = {
  name: ['connections', 'create'],
  about: 'Create a connection',
  options: [
    { flags: '--app <app>', about: 'such as TWILIO; see: flow-vault connectors list' },
    { flags: '--name <name>', about: 'how people call it' },
    ...SETUP_OPTIONS,
    ...END_OPTIONS,
    { flags: '--empty', about: 'without credentials yet' },
    { flags: '--verify', about: 'try the credential first, and store nothing when it is refused' },
    { flags: '--idempotency-key <key>', about: 'a repeat with the same key makes no second one' },
  ],
  example:
    'printf %s "$TOKEN" | flow-vault connections create --app HTTP --name orders --type BEARER --no-input',
  async run(context, input) {
    const app = text(input, 'app') ?? (await askApp(context))
    const connector = await namedConnector(context, app)
    const name = text(input, 'name') ?? (await askText(context, 'Connection name', connector.label, '--name'))
    const setup = input.options['empty'] === true ? undefined : await setupOf(context, input, connector)
    const key = text(input, 'idempotencyKey')
    return context.api().call({
      method: 'POST',
      path: '/connections',
      query: { verify: input.options['verify'] === true || undefined },
      ...(key === undefined ? {} : { headers: { 'idempotency-key': key } }),
      body: { name, app_id: connector.app_id, setup, ...endOf(input) },
    })
  },
}

/** Renames a connection or replaces its credentials; the id stays, so flows go on. */
export const updateConnectionCommand: Command = {
  name: ['connections', 'update'],
  about: 'Rename it, or replace its credentials',
  args: [{ name: 'id', about: 'the connection, ac_…' }],
  options: [
    { flags: '--name <name>', about: 'the new name' },
    ...SETUP_OPTIONS,
    { ...END_OPTIONS[0], about: 'when its credential ends, or never' },
    END_OPTIONS[1],
    { flags: '--replace', about: 'ask for the whole setup anew' },
    {
      flags: '--set-secret <name>',
      about: 'a secret field that changes, from standard input or typed unseen; may be repeated',
      repeats: true,
    },
    { flags: '--unset <name>', about: 'a field that goes; may be repeated', repeats: true },
    {
      flags: '--change-file <file>',
      about: 'a part of the setup as JSON (merge patch); - is standard input',
    },
    { flags: '--verify', about: 'try the credential first, and keep the old one when it is refused' },
    { flags: '--dry-run', about: 'tell what would happen, and change nothing' },
  ],
  example: 'printf %s "$SECRET" | flow-vault connections update ac_… --set-secret client_secret --no-input',
  async run(context, input) {
    const name = text(input, 'name')
    const replaces = input.options['replace'] === true || text(input, 'setupFile') !== undefined
    const setup = replaces ? await setupOf(context, input, await connectorOf(context, input)) : undefined
    const changes = replaces ? undefined : await changesOf(context, input)
    const end = endOf(input)
    if ([name, setup, changes, ...Object.values(end)].every((each) => each === undefined))
      throw new CliError(
        'What is to change? Give --name, --set, --set-secret, --unset, --replace, --setup-file, --change-file or --expires.',
      )
    return context.api().call({
      method: 'PATCH',
      path: `/connections/${part(input, 'id')}`,
      query: {
        verify: input.options['verify'] === true || undefined,
        dry_run: input.options['dryRun'] === true || undefined,
      },
      body: { name, setup, setup_changes: changes, ...end },
    })
  },
}

/** The members that change: from a file, or field by field, each secret asked for; undefined when there are none. */
async function changesOf(
  context: CommandContext,
  input: Input,
): Promise<Record<string, unknown> | undefined> {
  const file = text(input, 'changeFile')
  const changes = file === undefined ? {} : await readSetupFile(context, file)
  const secrets = listOf(input, 'setSecret')
  if (listOf(input, 'set').length > 0 || secrets.length > 0) {
    const connector = await connectorOf(context, input)
    const fields = connector.setups.flatMap((setup) => [
      ...setup.fields,
      ...(setup.fields_with_application ?? []),
    ])
    Object.assign(changes, Object.fromEntries(fieldValues(input, { fields }, connector)))
    for (const name of secrets) {
      const field = knownField(name, { fields }, connector)
      changes[name] = await readSecret(context, field.label)
    }
  }
  for (const name of listOf(input, 'unset')) changes[name] = null
  return Object.keys(changes).length === 0 ? undefined : changes
}

function listOf(input: Input, option: string): readonly string[] {
  return (input.options[option] as readonly string[] | undefined) ?? []
}

function knownField(
  name: string,
  { fields }: Pick<DescribedSetup, 'fields'>,
  { app_id: app }: DescribedConnector,
): DescribedField {
  const field = fields.find((each) => each.name === name)
  if (field !== undefined) return field
  const known = [...new Set(fields.map((each) => each.name))].join(', ')
  throw new CliError(`${app} has no field "${name}". There are: ${known}.`)
}

async function connectorOf(context: CommandContext, input: Input): Promise<DescribedConnector> {
  const shown = (await context.api().call({ method: 'GET', path: `/connections/${part(input, 'id')}` })) as {
    app_id: string
  }
  return (await context
    .api()
    .call({ method: 'GET', path: `/connectors/${shown.app_id}` })) as DescribedConnector
}

/** The app that somebody named; a name that is none is told with where the names are. */
async function namedConnector(context: CommandContext, app: string): Promise<DescribedConnector> {
  try {
    const path = `/connectors/${encodeURIComponent(app)}`
    return (await context.api().call({ method: 'GET', path })) as DescribedConnector
  } catch (error) {
    if (!(error instanceof CliError) || error.exitCode !== EXIT.usage) throw error
    throw new CliError(`There is no app "${app}". See: flow-vault connectors list`)
  }
}

async function askApp(context: CommandContext): Promise<string> {
  if (!context.asks)
    throw new CliError('Which app? Give --app, such as --app TWILIO. See: flow-vault connectors list')
  const connectors = (await context
    .api()
    .call({ method: 'GET', path: '/connectors' })) as DescribedConnector[]
  const choices = connectors.map(({ app_id: value, label }) => ({ value, label }))
  return required(await context.terminal.askChoice('Which app?', choices))
}

async function askText(
  context: CommandContext,
  label: string,
  initial: string,
  option: string,
): Promise<string> {
  if (!context.asks) throw new CliError(`${label} is needed. Give ${option}.`)
  return required(await context.terminal.askText(label, initial))
}

/** The setup from a file, or field by field: options first, then questions, one secret from standard input. */
async function setupOf(
  context: CommandContext,
  input: Input,
  connector: DescribedConnector,
): Promise<Record<string, unknown>> {
  const given = await readSetup(context, input)
  if (given !== undefined) return given
  const described = withApplication(input, await chooseSetup(context, input, connector))
  const values = fieldValues(input, described, connector)
  const setup: Record<string, unknown> = described.type_required ? { type: described.type } : {}
  for (const field of described.fields) {
    const value = values.get(field.name) ?? (field.required ? await askField(context, field) : undefined)
    if (value !== undefined) setup[field.name] = value
  }
  return setup
}

/** Where a setup names an OAuth application, the fields that this leaves. */
function withApplication(input: Input, setup: DescribedSetup): DescribedSetup {
  const namesOne = listOf(input, 'set').some((pair) => pair.startsWith('oauth_app_id='))
  const { fields_with_application: fields } = setup
  return namesOne && fields !== undefined ? { ...setup, fields } : setup
}

async function chooseSetup(
  context: CommandContext,
  input: Input,
  { setups, app_id: app }: DescribedConnector,
): Promise<DescribedSetup> {
  const wanted = text(input, 'type')
  const only = setups.length === 1 ? setups[0] : undefined
  const found = wanted === undefined ? only : setups.find(({ type }) => type === wanted)
  if (found !== undefined) return found
  const known = setups.map(({ type }) => type).join(', ')
  if (wanted !== undefined) throw new CliError(`${app} has no setup "${wanted}". There are: ${known}.`)
  if (!context.asks) throw new CliError(`Which kind of setup? Give --type with one of: ${known}.`)
  const choices = setups.map(({ type: value, label }) => ({ value, label }))
  const chosen = required(await context.terminal.askChoice('Which kind?', choices))
  return setups.find(({ type }) => type === chosen)!
}

function fieldValues(
  input: Input,
  described: Pick<DescribedSetup, 'fields'>,
  connector: DescribedConnector,
): Map<string, string> {
  const values = new Map<string, string>()
  for (const pair of listOf(input, 'set')) {
    const [name, value] = splitPair(pair)
    if (knownField(name, described, connector).secret)
      throw new CliError(
        `${name} is a secret, and every process can read the words of a command. Pipe it in, type it when asked, or use --setup-file.`,
      )
    values.set(name, value)
  }
  return values
}

function splitPair(pair: string): [string, string] {
  const at = pair.indexOf('=')
  if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)]
  throw new CliError(`--set "${pair.slice(0, 40)}" is not of the form name=value.`)
}

async function askField(context: CommandContext, field: DescribedField): Promise<string> {
  if (field.secret) return readSecret(context, field.label)
  if (!context.asks) throw new CliError(`${field.label} is needed. Give --set ${field.name}=…`)
  if (field.enum === undefined) return required(await context.terminal.askText(field.label))
  return required(
    await context.terminal.askChoice(
      field.label,
      field.enum.map((value) => ({ value, label: value })),
    ),
  )
}

function required(answer: string | undefined): string {
  if (answer === undefined) throw new CliError('Cancelled. Nothing was changed.', 130)
  return answer
}
