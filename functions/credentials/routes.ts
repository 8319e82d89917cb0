import type { Route } from '../route.ts'
import type { CredentialsPorts } from './ports.ts'
import { fetchCredentialRoute } from './routes/fetch-credential.ts'
import { rejectCredentialRoute } from './routes/reject-credential.ts'

/** The routes of the `credentials` function. */
export const CREDENTIALS_ROUTES: readonly Route<CredentialsPorts>[] = [
  fetchCredentialRoute,
  rejectCredentialRoute,
]
