import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { ENV } from '../../functions/config.ts'
import { functionNameOf } from '../../infra/constructs/vault-function.ts'
import { FUNCTION_TABLE } from '../../infra/function-table.ts'
import { call, newTenant } from '../support/api-target.ts'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'
import { type DeployedVault, type DeployOptions, deployAgain, deployVault } from './deploy.ts'

const DEPLOY_WITHIN_MS = 300_000
/** Callers at a time: each creates, fetches and renames, until the deployment is through. */
const CALLERS = 3
const LEAST_MADE = 9
/** Of those that are called: `api` and `credentials`. */
const CHANGED_HTTP_FUNCTIONS = 2

describe('an upgrade in place, under load', () => {
  const options = (): DeployOptions => ({
    ministackUrl: emulatorClientConfig('ministack').endpoint,
    stage: 'upgraded',
    secretStore: 'sealed',
  })
  let vault: DeployedVault

  beforeAll(async () => {
    vault = await deployVault(options())
  }, DEPLOY_WITHIN_MS)
  afterAll(() => vault?.close())

  it(
    'changes every function, fails no call, and loses nothing that it answered',
    async () => {
      const token = await vault.token(newTenant())
      const send = (method: string, path: string, body?: unknown) =>
        call(vault, token, { method, path, body })
      const made = new Map<string, { secret: string; name: string }>()
      const failed: unknown[] = []
      let isDeploying = true
      let cutOff = 0
      /** What is answered otherwise than it has to be is kept, to be shown; undefined for what was not answered. */
      const expecting = async (status: number, method: string, path: string, body?: unknown) => {
        const answer = await send(method, path, body)
        if (answer.status === status)
          return answer.body as { id: string; name: string; fields?: { token?: string } }
        // MiniStack ends a function in the middle of a call to change it, which Lambda does not.
        if (answer.status === 502) cutOff++
        else failed.push({ method, path, ...answer })
        return undefined
      }
      const round = async (secret: string) => {
        const setup = { type: 'BEARER', token: secret }
        const body = { name: 'made', app_id: 'HTTP', setup }
        const created = await expecting(201, 'POST', '/connections', body)
        if (created === undefined) return
        const { id } = created
        made.set(id, { secret, name: 'made' })
        const fetched = await expecting(200, 'GET', `/connections/${id}/credentials`)
        if (fetched !== undefined && fetched.fields?.token !== secret) failed.push({ id, fetched })
        const renamed = await expecting(200, 'PATCH', `/connections/${id}`, { name: 'renamed' })
        // One that was not answered is either way.
        if (renamed === undefined) made.delete(id)
        else made.set(id, { secret, name: 'renamed' })
      }
      const caller = async (number: number) => {
        for (let rounds = 0; isDeploying; rounds++) await round(`bearer-${number}-${rounds}-0123456789`)
      }
      const callers = Array.from({ length: CALLERS }, (_, number) => caller(number))
      try {
        await deployAgain({ ...options(), members: { logLevel: 'WARN' } }, vault)
      } finally {
        isDeploying = false
        await Promise.all(callers)
      }
      expect(failed).toEqual([])
      expect(made.size).toBeGreaterThan(LEAST_MADE)
      expect(cutOff).toBeLessThanOrEqual(CALLERS * CHANGED_HTTP_FUNCTIONS)
      expect(await levels()).toEqual(FUNCTION_TABLE.map(() => 'WARN'))
      for (const [id, { secret, name }] of made) {
        expect(await send('GET', `/connections/${id}`)).toMatchObject({ status: 200, body: { name } })
        expect(await send('GET', `/connections/${id}/credentials`)).toMatchObject({
          status: 200,
          body: { fields: { token: secret } },
        })
      }
    },
    DEPLOY_WITHIN_MS,
  )

  /** What each function is set to log by now. */
  async function levels(): Promise<(string | undefined)[]> {
    const client = new LambdaClient(emulatorClientConfig('ministack'))
    const configurations = FUNCTION_TABLE.map(({ name }) =>
      client.send(new GetFunctionConfigurationCommand({ FunctionName: functionNameOf('upgraded', name) })),
    )
    return (await Promise.all(configurations)).map(
      ({ Environment }) => Environment?.Variables?.[ENV.logLevel],
    )
  }
})
