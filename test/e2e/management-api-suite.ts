import type { ApiTarget } from '../support/api-target.ts'
import { apiErrorSuite } from './api-error-suite.ts'
import { connectionListSuite } from './connection-list-suite.ts'
import { connectionShapeSuite } from './connection-shape-suite.ts'

/** A deployed vault opens more slowly than one in this process. */
const OPEN_WITHIN_MS = 120_000

/**
 * The management API as its official client uses it, against any running vault: shapes, lists and errors. `open`
 * is called once; the suite works in tenants of its own and closes the target at the end.
 */
export function managementApiSuite(name: string, open: () => Promise<ApiTarget>): void {
  describe(name, () => {
    let target: ApiTarget
    beforeAll(async () => {
      target = await open()
    }, OPEN_WITHIN_MS)
    afterAll(() => target.close())

    connectionShapeSuite(() => target)
    connectionListSuite(() => target)
    apiErrorSuite(() => target)
  })
}
