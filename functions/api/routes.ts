import type { Route } from '../route.ts'
import type { ApiPorts } from './ports.ts'
import { authorizeConnectionRoute } from './routes/authorize-connection.ts'
import { createConnectionRoute } from './routes/create-connection.ts'
import { createFreezeRoute } from './routes/create-freeze.ts'
import { createOauthAppRoute } from './routes/create-oauth-app.ts'
import { createPermitRoute } from './routes/create-permit.ts'
import { createSubscriptionRoute } from './routes/create-subscription.ts'
import { deleteConnectionRoute } from './routes/delete-connection.ts'
import { deleteFlowRoute } from './routes/delete-flow.ts'
import { deleteFreezeRoute } from './routes/delete-freeze.ts'
import { deleteOauthAppRoute } from './routes/delete-oauth-app.ts'
import { deletePermitRoute } from './routes/delete-permit.ts'
import { deleteSubscriptionRoute } from './routes/delete-subscription.ts'
import { getAsyncApiRoute } from './routes/get-asyncapi.ts'
import { getAuthorizationRoute } from './routes/get-authorization.ts'
import { getConnectionRoute } from './routes/get-connection.ts'
import { getConnectorRoute } from './routes/get-connector.ts'
import { getFreezeRoute } from './routes/get-freeze.ts'
import { getHealthRoute, getReadinessRoute } from './routes/get-health.ts'
import { getOauthAppRoute } from './routes/get-oauth-app.ts'
import { getOpenApiRoute } from './routes/get-openapi.ts'
import { getPresetRoute } from './routes/get-preset.ts'
import { getRenewalHealthRoute } from './routes/get-renewal-health.ts'
import { getSessionRoute } from './routes/get-session.ts'
import { getSubscriptionRoute } from './routes/get-subscription.ts'
import { getUsageRoute } from './routes/get-usage.ts'
import { listClientsRoute } from './routes/list-clients.ts'
import { listConnectionEventsRoute } from './routes/list-connection-events.ts'
import { listConnectionsRoute } from './routes/list-connections.ts'
import { listConnectorsRoute } from './routes/list-connectors.ts'
import { listDeliveriesRoute } from './routes/list-deliveries.ts'
import { listEventsRoute } from './routes/list-events.ts'
import { listFlowsRoute } from './routes/list-flows.ts'
import { listFreezesRoute } from './routes/list-freezes.ts'
import { listOauthAppsRoute } from './routes/list-oauth-apps.ts'
import { listPermitsRoute } from './routes/list-permits.ts'
import { listPresetsRoute } from './routes/list-presets.ts'
import { listSubscriptionsRoute } from './routes/list-subscriptions.ts'
import { putFlowRoute } from './routes/put-flow.ts'
import { replaySubscriptionRoute } from './routes/replay-subscription.ts'
import { restoreConnectionRoute } from './routes/restore-connection.ts'
import { rotateConnectionRoute } from './routes/rotate-connection.ts'
import { rotateSubscriptionSecretRoute } from './routes/rotate-subscription-secret.ts'
import { summarizeConnectionsRoute } from './routes/summarize-connections.ts'
import { testSubscriptionRoute } from './routes/test-subscription.ts'
import { updateConnectionRoute } from './routes/update-connection.ts'
import { updateOauthAppRoute } from './routes/update-oauth-app.ts'
import { updateSubscriptionRoute } from './routes/update-subscription.ts'
import { verifyConnectionRoute } from './routes/verify-connection.ts'

/** The routes of the `api` function. */
export const API_ROUTES: readonly Route<ApiPorts>[] = [
  listConnectionsRoute,
  summarizeConnectionsRoute,
  createConnectionRoute,
  getConnectionRoute,
  updateConnectionRoute,
  deleteConnectionRoute,
  restoreConnectionRoute,
  createOauthAppRoute,
  listOauthAppsRoute,
  getOauthAppRoute,
  updateOauthAppRoute,
  deleteOauthAppRoute,
  authorizeConnectionRoute,
  getAuthorizationRoute,
  rotateConnectionRoute,
  verifyConnectionRoute,
  listConnectionEventsRoute,
  listEventsRoute,
  putFlowRoute,
  listFlowsRoute,
  deleteFlowRoute,
  getUsageRoute,
  getAsyncApiRoute,
  createPermitRoute,
  listPermitsRoute,
  deletePermitRoute,
  createSubscriptionRoute,
  listSubscriptionsRoute,
  getSubscriptionRoute,
  updateSubscriptionRoute,
  deleteSubscriptionRoute,
  rotateSubscriptionSecretRoute,
  testSubscriptionRoute,
  listDeliveriesRoute,
  replaySubscriptionRoute,
  createFreezeRoute,
  listFreezesRoute,
  getFreezeRoute,
  deleteFreezeRoute,
  listConnectorsRoute,
  getConnectorRoute,
  listPresetsRoute,
  getPresetRoute,
  getSessionRoute,
  getRenewalHealthRoute,
  listClientsRoute,
  getHealthRoute,
  getReadinessRoute,
  getOpenApiRoute,
]
