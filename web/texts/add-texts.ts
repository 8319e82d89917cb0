/** The dialog that adds a connection, or gives one its credentials. */
export const ADD = {
  title: 'Add Vault Connection',
  repairTitle: (name: string) => `Credentials of ${name}`,
  step: (at: number, all: number) => `Step ${at} of ${all}`,
  searchApps: 'Search apps',
  noApp: (text: string, isAnyTaken: boolean) =>
    `No app is called “${text}”.${isAnyTaken ? ' One of these takes any service:' : ''}`,
  services: 'Services by name',
  bySignIn: 'Sign in there',
  usedBefore: 'In use here',
  moreServices: (count: number) => `${count} more: go on typing.`,
  generic: 'For everything else',
  continue: 'Continue',
  back: 'Back',
  name: 'Connection name',
  nameTaken: 'Another connection has this name. You can keep it.',
  credentials: 'Credentials',
  kind: 'How do you connect?',
  add: 'Add Vault Connection',
  save: 'Save credentials',
  empty: 'Create an empty connection',
  emptyHint: 'An empty connection has its id at once; the credentials can follow.',
  test: 'Test it before saving',
  moreSettings: (count: number) => `More settings (${count})`,
  endsOnDate: 'It ends on a date',
  lastDay: 'Last day on which it works',
  cannotTest: 'This app cannot be tried without doing something; the first flow will tell.',
  addAnyway: 'Add it anyway',
  saveAnyway: 'Save it anyway',
  saveLater: 'Save it and test later',
  whereToFind: 'Where to find it',
  optional: 'optional',
  removedBlanks: (length: number) => `Removed blanks at the ends. ${length} characters.`,
  keyShown: 'What you paste here is visible on the screen.',
  dropFile: (label: string) => `${label}: choose it, or drop it here. It fills the fields.`,
  keyFile: 'The key file',
  badFile: 'This file is no JSON with the members that are needed.',
  show: (label: string) => `Show ${label}`,
  keepsOld: 'Leave it empty to keep what is stored.',
  queryHidden:
    'A query (what follows the “?”) is stored with this address and not shown. It stays while you leave the address as it is; when you change it, type its query too.',
  stored: 'Stored',
  replace: 'Replace',
  remove: 'Remove',
  toBeRemoved: 'Goes when you save.',
  keepIt: 'Keep it',
  discardQuestion: 'Discard what you typed?',
  keepEditing: 'Keep editing',
  discard: 'Discard',
  notSaved: (seconds: number | undefined) =>
    seconds === undefined || seconds === 0
      ? 'Not saved. Everything you typed is still here: try again.'
      : `Not saved. Try again in ${seconds} s; everything you typed is still here.`,
  valueName: 'Name',
  value: 'Value',
  addValue: 'Add a value',
} as const

/** What stands for a provider in a sentence: of a connector that takes any, its own name would say nothing. */
export function providerName({ label, presets = 0 }: { label: string; presets?: number }): string {
  return presets > 0 ? 'the provider' : label
}

function begin(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** Connecting by an authorization in the provider's own window. */
export const OAUTH = {
  application: 'Which OAuth application asks?',
  register: 'Register one',
  client: 'Which client asks?',
  ownClient: 'One of its own',
  ownClientHow: 'You fill in its id, its secret and the provider’s addresses here.',
  sharedClientHow: 'This OAuth application holds the client and the addresses for several connections.',
  newShared: 'A new one that several connections can share',
  newSharedHow:
    'The client and the addresses that you fill in become an OAuth application; others can choose it.',
  nameFirst: 'Give it a name; then you get the callback URL that the provider asks for.',
  getCallback: 'Get the callback URL',
  registerHow: (app: string) =>
    `Register this callback URL at ${app}. It gives you a client id and a secret: paste them here.`,
  defaultAsks: 'The vault’s own OAuth application asks.',
  callbackUrl: 'Callback URL',
  callbackHow: (app: string) =>
    `${begin(app)} refuses the address that people are sent back to? Register this callback URL there, then open the window again.`,
  registerName: 'Name of the application',
  clientId: 'Client id',
  clientSecret: 'Client secret',
  saveApplication: 'Save the application',
  none: 'No OAuth application is registered for this app yet.',
  permissions: 'Permissions',
  otherPermission: 'Add another permission',
  connect: 'Connect',
  connectHow: (app: string) =>
    `A window of ${app} opens. Sign in there and allow the access; this page notices by itself.`,
  callbackFirst: (app: string) =>
    `${begin(app)} sends people back to this callback URL, which has to be registered there:`,
  waiting: (app: string) => `Waiting for ${app}`,
  waitingHint: 'Go on in the window that has opened. This page notices by itself.',
  openAgain: 'Open again',
  copyLink: 'Copy link',
  stop: 'Stop waiting',
  blocked: 'Your browser blocked the window.',
  openHere: (app: string) => `Open ${app}`,
  tryAgain: 'Try again',
  askAgain: 'Ask again',
  keepSo: 'Keep it so',
  switchTo: (account: string, flows: number) =>
    `Switch to ${account}${flows === 0 ? '' : flows === 1 ? ' (1 flow will act as it)' : ` (${flows} flows will act as it)`}`,
  elsewhere: (address: string) =>
    `This page was opened at another address than providers send people back to. Go on at ${address}.`,
  outcomes: {
    denied: (app: string) => `You said no at ${app}. Nothing was changed.`,
    expired: () => 'The link ended after ten minutes. Nothing was changed.',
    fewer_scopes: () => 'Connected, but not with all permissions.',
    other_account: () => 'You signed in with another account than before. Nothing was changed.',
    failed: (app: string) => `${begin(app)} did not authorize it. Nothing was changed.`,
  },
} as const

/** Going on with a grant that another system has. */
export const GRANT = {
  question: 'How does the vault get its access?',
  signIn: (app: string) => `Sign in at ${app}`,
  bring: 'I have a refresh token already',
  stopFirst:
    'First stop what renews this token today. A refresh token belongs to one system: many providers end the access of one that two systems use.',
  refreshToken: 'Refresh token',
  accessToken: 'Access token',
  expiresAt: 'The access token ends at',
  expiresHow: 'In your time zone. Without it, the vault renews the access token at once.',
  scopes: 'Permissions that were granted',
  scopesHow: 'Their names, with blanks between.',
} as const
