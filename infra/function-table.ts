import { API_ROUTES } from '../functions/api/routes.ts'
import { AUTHORIZE_ROUTES } from '../functions/authorize/routes.ts'
import { CREDENTIALS_ROUTES } from '../functions/credentials/routes.ts'
import type { ReconcileEvent } from '../functions/reconcile/handler.ts'
import type { Route } from '../functions/route.ts'

/** The name of a function's code: its folder under `functions/`. */
export type FunctionFolder =
  | 'api'
  | 'credentials'
  | 'authorize'
  | 'grants'
  | 'sweep'
  | 'publish'
  | 'deliver'
  | 'reconcile'

/** The name of a function. `grants` answers calls; `rotations` is the same code before the queues. */
export type VaultFunctionName = FunctionFolder | 'rotations'

/** What a role may be given of the changes that are told: `constructs/event-grants.ts`. */
export type EventGrantName =
  | 'write-events'
  | 'read-events'
  | 'number-events'
  | 'query-outbox'
  | 'follow-events'
  | 'put-events'
  | 'list-subscriptions'
  | 'serve-subscriptions'
  | 'keep-deliveries'
  | 'send-deliveries'
  | 'receive-deliveries'

/**
 * What a role may be given. Each adds the permissions and the names in the environment together
 * (`constructs/grants.ts`), so that a function never has the one without the other.
 */
export type GrantName =
  | EventGrantName
  | 'write-rows'
  | 'read-rows'
  | 'scan-rows'
  | 'keep-comparison'
  | 'note-use'
  | 'count-use'
  | 'share-budgets'
  | 'advance-states'
  | 'start-states'
  | 'query-work'
  | 'query-due'
  | 'begin-secret-store'
  | 'create-secrets'
  | 'put-secrets'
  | 'stage-setups'
  | 'restore-secrets'
  | 'read-static-setups'
  | 'read-setups'
  | 'read-signing-keys'
  | 'remove-secrets'
  | 'read-access-tokens'
  | 'keep-grants'
  | 'remove-tokens'
  | 'share-breakers'
  | 'take-turns'
  | 'digest'
  | 'verify-tokens'
  | 'invoke-grants'
  | 'send-work'
  | 'send-freezes'
  | 'measure-work'
  | 'receive-work'

/** One Lambda function, as data: all that its deployment is made of. */
export interface FunctionEntry {
  readonly name: VaultFunctionName
  /** Whose code it runs, when that is not its own. */
  readonly folder?: FunctionFolder
  /** For people who look at the console. */
  readonly description: string
  /** Lambda gives CPU by memory; 1,769 MB is one core. */
  readonly memoryMb: number
  readonly timeoutSeconds: number
  readonly routes?: readonly Route<never>[]
  readonly schedules?: readonly FunctionSchedule[]
  /** True when the work queue wakes it. */
  readonly worksQueue?: boolean
  /** What of the changes wakes it: the stream of the events, or the queue to subscribers. */
  readonly follows?: 'events' | 'deliveries'
  readonly grants: readonly GrantName[]
}

/** When a function is woken, and with what. */
export interface FunctionSchedule {
  readonly name: string
  readonly everyMinutes: number
  readonly event: ReconcileEvent | Record<string, never>
}

/** Every function of the vault: to add one, add an entry, its folder, and a wire function. */
export const FUNCTION_TABLE: readonly FunctionEntry[] = [
  {
    name: 'api',
    description: 'Manages connections; writes secrets and never reads one',
    memoryMb: 1024,
    timeoutSeconds: 29,
    routes: API_ROUTES as readonly Route<never>[],
    grants: [
      'write-rows',
      'write-events',
      'read-events',
      'start-states',
      'begin-secret-store',
      'create-secrets',
      'put-secrets',
      'restore-secrets',
      'remove-tokens',
      'digest',
      'verify-tokens',
      'invoke-grants',
      'send-freezes',
      'send-deliveries',
    ],
  },
  {
    name: 'credentials',
    description: 'Hands flows their credentials; reads secrets and never writes one',
    memoryMb: 1024,
    timeoutSeconds: 29,
    routes: CREDENTIALS_ROUTES as readonly Route<never>[],
    grants: [
      'read-rows',
      'note-use',
      'count-use',
      'share-budgets',
      'read-static-setups',
      'read-access-tokens',
      'verify-tokens',
      'invoke-grants',
    ],
  },
  {
    name: 'authorize',
    description:
      'Shows people what they authorize, sends them to the provider, and answers them when they come back',
    memoryMb: 512,
    timeoutSeconds: 29,
    routes: AUTHORIZE_ROUTES as readonly Route<never>[],
    grants: ['advance-states', 'digest', 'invoke-grants'],
  },
  {
    name: 'grants',
    description: 'Calls providers for whoever waits: mints, exchanges, tests and revokes grants',
    memoryMb: 1024,
    timeoutSeconds: 120,
    // A part of a setup is changed by who can read the rest.
    grants: [
      'write-rows',
      'write-events',
      'read-setups',
      'stage-setups',
      'keep-grants',
      'share-breakers',
      'take-turns',
      'digest',
    ],
  },
  {
    // A function of its own, so that neither the callers of a slow provider nor a full queue stop the other.
    name: 'rotations',
    folder: 'grants',
    description: 'Calls providers for what waits in the queues: rotations, rescues and the jobs of freezes',
    memoryMb: 1024,
    timeoutSeconds: 120,
    worksQueue: true,
    grants: [
      'write-rows',
      'write-events',
      'read-setups',
      'keep-grants',
      'share-breakers',
      'take-turns',
      'digest',
      'receive-work',
    ],
  },
  {
    name: 'sweep',
    description: 'Finds what is due for rotation and hands it to grants',
    memoryMb: 512,
    timeoutSeconds: 55,
    schedules: [{ name: 'every-minute', everyMinutes: 1, event: {} }],
    grants: ['query-due', 'send-work', 'measure-work'],
  },
  {
    name: 'publish',
    description: 'Numbers what happened, puts it on the bus, and hands it to subscriptions',
    memoryMb: 512,
    timeoutSeconds: 60,
    schedules: [{ name: 'every-minute', everyMinutes: 1, event: {} }],
    follows: 'events',
    grants: [
      'number-events',
      'query-outbox',
      'follow-events',
      'put-events',
      'list-subscriptions',
      'send-deliveries',
    ],
  },
  {
    name: 'deliver',
    description: 'Sends subscriptions what happened, signed, until they have taken it',
    memoryMb: 512,
    timeoutSeconds: 60,
    follows: 'deliveries',
    grants: [
      'serve-subscriptions',
      'keep-deliveries',
      'write-events',
      'receive-deliveries',
      'read-signing-keys',
      'invoke-grants',
    ],
  },
  {
    name: 'reconcile',
    description: 'Undoes or finishes what a crash left, and compares both stores',
    memoryMb: 512,
    timeoutSeconds: 900,
    schedules: [
      { name: 'every-minute', everyMinutes: 1, event: { task: 'work' } },
      // Once a day, in as many runs as its size takes: most of these wake-ups find it done.
      { name: 'every-five-minutes', everyMinutes: 5, event: { task: 'compare' } },
    ],
    grants: [
      'write-rows',
      'write-events',
      'scan-rows',
      'keep-comparison',
      'query-work',
      'remove-secrets',
      'remove-tokens',
      'invoke-grants',
      'send-work',
      'send-freezes',
    ],
  },
]

/** Whose code a function runs. */
export function folderOf({ name, folder }: FunctionEntry): FunctionFolder {
  if (folder !== undefined) return folder
  return name === 'rotations' ? 'grants' : name
}
