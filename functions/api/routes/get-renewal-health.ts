import * as z from 'zod/mini'
import { renewalHealth } from '../../../shared/use-cases/connections/renewal-health.ts'
import { defineRoute } from '../../route.ts'
import { errorResponses, GUARDED } from '../common-schemas.ts'
import { runLongRead } from '../long-reads.ts'
import type { ApiPorts } from '../ports.ts'

/** How the tenant's connections are renewed. */
export const getRenewalHealthRoute = defineRoute({
  name: 'get-renewal-health',
  method: 'GET',
  path: '/api/v2/flows/vault/health',
  function: 'api',
  scopes: ['read:flows_vault_connections'],
  tag: 'Operation',
  summary: 'See how the renewals of a tenant stand',
  description:
    'What needs a person, renewals that are late or due in each of the next 24 hours, and by app what the last 24 hours brought.',
  responses: {
    200: {
      description: 'The figures.',
      schema: z.object({
        needs_person: z.int(),
        late: z.int(),
        ending_soon: z.int(),
        failing_apps: z.int(),
        due_by_hour: z.array(z.int()),
        by_app: z.array(z.object({ app_id: z.string(), renewed: z.int(), failing: z.int() })),
      }),
    },
    ...errorResponses(...GUARDED),
  },
  async handle({ caller }, ports: ApiPorts) {
    const { tenant } = caller
    const health = await runLongRead(ports, tenant, () => renewalHealth(ports, tenant))
    const byApp = [...health.byApp].map(([app_id, counts]) => ({ app_id, ...counts }))
    return {
      status: 200,
      body: {
        needs_person: health.needsPerson,
        late: health.late,
        ending_soon: health.endingSoon,
        failing_apps: byApp.filter(({ failing }) => failing > 0).length,
        due_by_hour: [...health.dueByHour],
        by_app: byApp,
      },
    }
  },
})
