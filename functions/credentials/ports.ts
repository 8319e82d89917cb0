import type { FetchPorts } from '../../shared/use-cases/fetch/fetch-credential.ts'
import type { UsageRollup } from '../../shared/use-cases/usage/usage-rollup.ts'
import type { HttpPorts } from '../http-handler.ts'

/** What the function that answers flows reaches the world through. */
export type CredentialsPorts = FetchPorts & HttpPorts & { readonly usage: UsageRollup }
