import type { ConnectionRow, SecretPointer } from '../../domain/connection.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { Ports } from '../../ports/ports.ts'
import { SecretNotFoundError } from '../../ports/secret-store.ts'
import { findConnection } from './connection-rows.ts'
import type { OpenedSecrets } from './opened-secrets.ts'

/** A row points at a setup that is not there: somebody deleted it beside the vault, or its store is behind. */
export class SetupMissingError extends Error {
  override readonly name = 'SetupMissingError'
  readonly row: ConnectionRow

  constructor(row: ConnectionRow, cause: unknown) {
    super('a row points at a setup that is not there', { cause })
    this.row = row
  }
}

/**
 * The setup that the row points at. Undefined when the row has moved on since it was read, and the version is gone for that
 * reason; throws `SetupMissingError`, and tells the operator, when it is gone for any other.
 */
export async function findCurrentSetup(
  ports: Pick<Ports, 'items' | 'log'> & { readonly opened: OpenedSecrets },
  row: ConnectionRow & { readonly secret: SecretPointer },
): Promise<JsonObject | undefined> {
  try {
    return (await ports.opened.open(row.secret)).setup
  } catch (error) {
    if (!(error instanceof SecretNotFoundError)) throw error
    const current = await findConnection(ports, row.tenant, row.id)
    if (current?.secret?.versionId !== row.secret.versionId) return undefined
    tellMissingSetup(ports, current)
    throw new SetupMissingError(current, error)
  }
}

/** The line that an operator looks for. */
export function tellMissingSetup(ports: Pick<Ports, 'log'>, { id, secret, tenant }: ConnectionRow): void {
  ports.log.error('a row points at a setup that is not there', {
    ...{ tenant, connection_id: id },
    ...(secret === undefined ? {} : { secret_id: secret.secretId }),
  })
}
