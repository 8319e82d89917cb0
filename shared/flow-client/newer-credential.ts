import type { Credential } from './credential.ts'
import type { CredentialsOptions } from './credential-source.ts'

/** What is done about a credential that the service refused. */
export interface RefusalPorts {
  readonly credentials: (id: string, options: CredentialsOptions) => Promise<Credential>
  readonly reportRejected: (id: string, version: number, signal: AbortSignal) => Promise<boolean>
}

/**
 * The credential to try once more with; undefined when there is none, or the call cannot be repeated. The report goes
 * out anyhow. Rejects only when the caller gave up.
 */
export async function newerCredential(
  ports: RefusalPorts,
  refused: Credential,
  ask: CredentialsOptions,
  repeatable: boolean,
): Promise<Credential | undefined> {
  const signal = ask.signal ?? new AbortController().signal
  try {
    await ports.reportRejected(refused.connectionId, refused.credentialVersion, signal)
    if (!repeatable) return undefined
    const newer = await ports.credentials(refused.connectionId, { ...ask, fresh: true })
    return newer.credentialVersion === refused.credentialVersion ? undefined : newer
  } catch (error) {
    if (signal.aborted) throw error
    // The service's own refusal says more to the flow than the vault's trouble in renewing.
    return undefined
  }
}
