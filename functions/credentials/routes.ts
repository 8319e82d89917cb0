import type { FetchPorts } from '../../shared/use-cases/fetch/fetch-credential.ts'
import type { HttpPorts } from '../http-handler.ts'
import type { Route } from '../route.ts'
import { fetchCredentialRoute } from './routes/fetch-credential.ts'
import { rejectCredentialRoute } from './routes/reject-credential.ts'

export type CredentialsPorts = FetchPorts & HttpPorts

/** The routes of the `credentials` function. */
export const CREDENTIALS_ROUTES: readonly Route<CredentialsPorts>[] = [
  fetchCredentialRoute,
  rejectCredentialRoute,
]
