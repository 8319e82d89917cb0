import type { Route } from '../route.ts'
import type { ApiPorts } from './ports.ts'
import { createConnectionRoute } from './routes/create-connection.ts'
import { deleteConnectionRoute } from './routes/delete-connection.ts'
import { getConnectionRoute } from './routes/get-connection.ts'
import { getConnectorRoute } from './routes/get-connector.ts'
import { getHealthRoute, getReadinessRoute } from './routes/get-health.ts'
import { getOpenApiRoute } from './routes/get-openapi.ts'
import { listClientsRoute } from './routes/list-clients.ts'
import { listConnectionsRoute } from './routes/list-connections.ts'
import { listConnectorsRoute } from './routes/list-connectors.ts'
import { restoreConnectionRoute } from './routes/restore-connection.ts'
import { updateConnectionRoute } from './routes/update-connection.ts'

/** The routes of the `api` function. */
export const API_ROUTES: readonly Route<ApiPorts>[] = [
  listConnectionsRoute,
  createConnectionRoute,
  getConnectionRoute,
  updateConnectionRoute,
  deleteConnectionRoute,
  restoreConnectionRoute,
  listConnectorsRoute,
  getConnectorRoute,
  listClientsRoute,
  getHealthRoute,
  getReadinessRoute,
  getOpenApiRoute,
]
