/** The words of each state; times come in ready to read. */
export const STATES = {
  deleted: (ago: string, by: string | undefined) => `Deleted ${ago}${by === undefined ? '' : ` by ${by}`}`,
  goneOn: (day: string) => `gone on ${day}`,
  frozen: (reason: string, { by, isApp }: { by: string | undefined; isApp: boolean }) =>
    `${isApp ? 'App frozen' : 'Frozen'}${by === undefined ? '' : ` by ${by}`}: ${reason}`,
  authorizationEnded: 'Authorization ended',
  keyRefused: 'The provider refuses this key',
  empty: 'Missing credentials',
  waitingForPerson: 'Waiting for authorization',
  waitingForApp: (app: string, next: string | undefined) =>
    `Waiting for ${app}${next === undefined ? '' : `, next try ${next}`}`,
  worksUntil: (until: string | undefined) => (until === undefined ? 'Works' : `Works until ${until}`),
  renewalFailing: 'renewal failing',
  noAnswer: 'last renewal got no answer',
  permissionsMissing: (count: number) =>
    `Works · ${count} ${count === 1 ? 'permission' : 'permissions'} missing`,
  authorizationEnds: (distance: string) => `Authorization ends in ${distance}`,
  keyEnds: (day: string, isOver: boolean) => (isOver ? `Key ended on ${day}` : `Key ends on ${day}`),
  ready: 'Ready',
  neverExpires: 'never expires',
  renewsByItself: 'renews by itself',
  endUnknown: 'end unknown',
} as const

/** The words on each state's button. */
export const ACTIONS = {
  add: 'Add credentials',
  connect: 'Connect',
  authorize: 'Authorize again',
  replace: 'Replace',
  why: 'See why',
  restore: 'Restore',
  unfreeze: 'Unfreeze',
} as const
