import { VaultError } from '../../domain/errors.ts'
import { connectionsPartition, rescuesPartition } from '../../domain/keys.ts'
import { pagesOf } from '../../ports/pages-of.ts'
import type { Ports } from '../../ports/ports.ts'
import type { OauthApplication } from '../../rows/application-row.ts'
import { LISTED_ATTRIBUTES, type ListedConnection, listedOf } from '../../rows/connection-row.ts'
import { RESCUE_ROWS } from '../../rows/rescue-row.ts'

/** How many rows one read looks at: a page of about 1 KB rows that DynamoDB answers at once. */
const READ_ROWS = 500
/** How many are told by name; who has more lists them. */
const NAMED = 20

/** The connections that use an application, the oldest first, one more than are told by name. Reads the tenant's rows. */
async function usersOf(ports: Pick<Ports, 'items'>, { tenant, id }: OauthApplication) {
  const users: Pick<ListedConnection, 'id' | 'name'>[] = []
  for await (const page of pagesOf(ports.items, {
    partition: connectionsPartition(tenant),
    only: LISTED_ATTRIBUTES,
    limit: READ_ROWS,
  })) {
    const rows = page.map(({ attributes }) => listedOf(attributes))
    users.push(...rows.filter((row) => row.oauthAppId === id))
    if (users.length > NAMED) break
  }
  return users
}

/** Whether a grant that it minted, and that no connection holds any more, is still to be ended with its client. */
async function isEndingGrants(
  ports: Pick<Ports, 'items'>,
  { tenant, id }: OauthApplication,
): Promise<boolean> {
  for await (const page of pagesOf(ports.items, { partition: rescuesPartition(tenant), limit: READ_ROWS })) {
    if (page.some(({ attributes }) => RESCUE_ROWS.find(attributes)?.oauthAppId === id)) return true
  }
  return false
}

/**
 * Throws `conflict` with the connections that use it, `then` saying what is possible instead; and while the provider,
 * which did not answer, is asked to end what it minted, for a day at most.
 */
export async function refuseUsedApplication(
  ports: Pick<Ports, 'items'>,
  application: OauthApplication,
  then: string,
): Promise<void> {
  const users = await usersOf(ports, application)
  if (users.length === 0) return refuseWhileEnding(ports, application)
  const names = users.slice(0, NAMED).map(({ name, id }) => `${name} (${id})`)
  const rest = users.length > NAMED ? ', and more' : ''
  throw new VaultError('conflict', `The application is used by ${names.join(', ')}${rest}. ${then}`, {
    errorCode: 'oauth_application_in_use',
  })
}

async function refuseWhileEnding(ports: Pick<Ports, 'items'>, application: OauthApplication): Promise<void> {
  if (!(await isEndingGrants(ports, application))) return
  throw new VaultError(
    'conflict',
    'A grant of the application is still being ended at its provider, which takes its client: tried for a day at most. Try again later.',
    { errorCode: 'oauth_application_in_use' },
  )
}
