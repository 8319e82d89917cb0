import type { Connection, Connector } from '../api/types.ts'
import type { Context } from '../page-context.ts'
import type { MenuItem } from '../parts/action-menu.ts'
import { whyNot } from '../parts/allowed.ts'
import { isAuthorizedByPerson } from '../state-words.ts'
import { MENU } from '../texts/connection-words.ts'

/** What can be done to a connection. What its app lacks is not there; what the scopes forbid is, and says so. */
export function connectionMenu(options: {
  context: Context
  connection: Connection
  connector: Connector | undefined
  run(action: string): void
}): MenuItem[] {
  const { context, connection, connector, run } = options
  const item = (action: keyof typeof MENU, scope: string, isDangerous = false): MenuItem => ({
    label: MENU[action],
    isDangerous,
    reason: whyNot(context, scope),
    run: () => run(action),
  })
  const UPDATE = 'update:flows_vault_connections'
  if (connection.deleted) {
    return [
      item('restore', 'create:flows_vault_connections'),
      item('purge', 'delete:flows_vault_connections', true),
    ]
  }
  const setup = connector?.setups.find(({ type }) => type === connection.setup_type)
  const isEmpty = connection.status === 'empty'
  return [
    item('open', 'read:flows_vault_connections'),
    item('rename', UPDATE),
    ...(setup?.testable && !isEmpty ? [item('test', UPDATE)] : []),
    ...(setup?.renews && connection.status !== 'pending' ? [item('renew', UPDATE)] : []),
    ...(isEmpty ? [] : [item('replace', UPDATE)]),
    ...(isAuthorizedByPerson(connection, connector) && !isEmpty ? [item('authorize', UPDATE)] : []),
    connection.frozen
      ? item('unfreeze', 'delete:flows_vault_freezes')
      : item('freeze', 'create:flows_vault_freezes'),
    item('delete', 'delete:flows_vault_connections', true),
  ]
}
