import * as z from 'zod/mini'
import { APP_IDS } from '../../shared/connectors/catalogue.ts'
import { CONNECTION_STATUSES, type ConnectionStatus } from '../../shared/domain/connection.ts'
import type { ConnectionFilter } from '../../shared/use-cases/connections/browse-connections.ts'
import { queryFlag, queryList } from './common-schemas.ts'
import { queryInstant } from './instant-schema.ts'

const MAX_Q_LENGTH = 150

/** The parameters that narrow a list of connections, and what is counted. */
export const connectionFilterQuery = {
  app_id: z.optional(queryList(APP_IDS)),
  status: z.optional(queryList(CONNECTION_STATUSES)),
  q: z.optional(z.string().check(z.minLength(1), z.maxLength(MAX_Q_LENGTH))),
  needs: z.optional(z.enum(['person'])),
  frozen: z.optional(queryFlag()),
  used: z.optional(z.enum(['none'])),
  oauth_app_id: z.optional(z.string().check(z.minLength(1), z.maxLength(30))),
  expires_before: z.optional(queryInstant()),
  deleted: z.optional(queryFlag()),
}

const filterObject = z.object(connectionFilterQuery)

/** The same as the use case takes them. */
export function connectionFilter(query: z.output<typeof filterObject>): ConnectionFilter {
  return {
    ...(query.app_id === undefined ? {} : { appIds: query.app_id }),
    ...(query.status === undefined ? {} : { statuses: query.status as ConnectionStatus[] }),
    ...(query.q === undefined ? {} : { q: query.q }),
    ...(query.needs === undefined ? {} : { needsPerson: true as const }),
    ...(query.frozen === undefined ? {} : { frozen: query.frozen }),
    ...(query.used === undefined ? {} : { unused: true as const }),
    ...(query.oauth_app_id === undefined ? {} : { oauthAppId: query.oauth_app_id }),
    ...(query.expires_before === undefined ? {} : { expiresBeforeMs: query.expires_before }),
    ...(query.deleted === true ? { deleted: true as const } : {}),
  }
}
