import type { Credential } from './credential.ts'
import type { CredentialsOptions } from './credential-source.ts'
import { newerCredential, type RefusalPorts } from './newer-credential.ts'

export interface UseOptions extends CredentialsOptions {
  /** Whether the error is the service's refusal of the credential, and nothing was done. */
  readonly refused?: (error: unknown) => boolean
}

/** Runs a function with a credential, and once more with a newer one when the service refused it. */
export async function useCredential<T>(
  ports: RefusalPorts,
  id: string,
  run: (credential: Credential) => Promise<T>,
  options: UseOptions = {},
): Promise<T> {
  const { refused = isUnauthorized, ...ask } = options
  const credential = await ports.credentials(id, ask)
  try {
    return await run(credential)
  } catch (error) {
    if (!refused(error)) throw error
    const newer = await newerCredential(ports, credential, ask, true)
    if (newer === undefined) throw error
    return run(newer)
  }
}

/** As the errors of most SDKs say it: a 401 under `status` or `statusCode`, there or on their `response`. */
function isUnauthorized(error: unknown): boolean {
  const { status, statusCode, response } = (error ?? {}) as {
    status?: unknown
    statusCode?: unknown
    response?: unknown
  }
  if (status === 401 || statusCode === 401) return true
  return typeof response === 'object' && response !== null && isUnauthorized(response)
}
