import type { Command } from './cli-command.ts'
import { CONNECTION_COMMANDS } from './commands/connections.ts'
import { EVENT_COMMANDS } from './commands/events.ts'
import { FREEZE_COMMANDS } from './commands/freezes.ts'
import { OAUTH_APP_COMMANDS } from './commands/oauth-apps.ts'
import { PERMIT_COMMANDS } from './commands/permits.ts'
import { RUN_COMMANDS } from './commands/run.ts'
import { SERVER_COMMANDS } from './commands/server-programs.ts'
import { SESSION_COMMANDS } from './commands/session.ts'
import { SUBSCRIPTION_COMMANDS } from './commands/subscriptions.ts'
import { FLOW_COMMANDS } from './commands/where-used.ts'

/** Every command there is: help, completion and the tests read this table. */
export const COMMANDS: readonly Command[] = [
  ...CONNECTION_COMMANDS,
  ...FLOW_COMMANDS,
  ...OAUTH_APP_COMMANDS,
  ...FREEZE_COMMANDS,
  ...EVENT_COMMANDS,
  ...SUBSCRIPTION_COMMANDS,
  ...PERMIT_COMMANDS,
  ...RUN_COMMANDS,
  ...SESSION_COMMANDS,
  ...SERVER_COMMANDS,
]
