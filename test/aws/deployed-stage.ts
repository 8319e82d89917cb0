import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { ENV, type EnvName } from '../../functions/config.ts'
import { functionNameOf } from '../../infra/constructs/vault-function.ts'
import { FUNCTION_TABLE, type VaultFunctionName } from '../../infra/function-table.ts'
import { startAuthorizationServer } from '../support/authorization-server.ts'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'
import { trustedLoopbackCertificate } from '../support/loopback-tls.ts'
import { startRecordingProxy } from '../support/recording-proxy.ts'
import { startWebhookReceiver } from '../support/webhook-receiver.ts'
import { type DeployOptions, deployRelease, deployVault } from './deploy.ts'
import { type DeployedPlace, deployedSuite } from './deployed-suite.ts'
import { upgradeSuite } from './upgrade-suite.ts'

/** All stacks of a stage; a busy machine takes minutes for what two idle cores do in one. */
const DEPLOY_WITHIN_MS = 400_000
/** As a release after this one would be called. */
const NEXT_RELEASE = '0.2.1-next'

/**
 * A stage that is deployed with these stacks and members of its file, and has the whole suite pass; then it is deployed
 * again in place, as another release with other settings, under load; and then the whole suite passes again.
 */
export function deployedStage(
  secretStore: DeployedPlace['secretStore'],
  { members = {}, ...told }: Pick<DeployOptions, 'stacks' | 'members' | 'host' | 'publicUrl'>,
  more: (place: () => DeployedPlace, isUpgraded: boolean) => void,
): void {
  describe(`the deployed vault, with ${secretStore}`, () => {
    let place: DeployedPlace
    let options: DeployOptions

    beforeAll(async () => {
      const ministackUrl = emulatorClientConfig('ministack').endpoint
      const certificate = await trustedLoopbackCertificate()
      const provider = await startAuthorizationServer({ tls: certificate })
      const [receiver, upgradeReceiver] = [await startWebhookReceiver(), await startWebhookReceiver()]
      const calls = await startRecordingProxy(ministackUrl)
      options = {
        ministackUrl,
        stage: secretStore,
        secretStore,
        tenantKeys: ['keyed'],
        allowHosts: [provider.host, receiver.host, upgradeReceiver.host],
        authority: certificate.authority,
        functionsEndpoint: calls.url,
        members,
        ...told,
      }
      const vault = await deployVault(options)
      const [tableName, deploymentId] = await Promise.all([
        variableOf(vault.stage, ENV.tableName),
        variableOf(vault.stage, ENV.deploymentId),
      ])
      const beside = { provider, receiver, upgradeReceiver, calls, keyedTenant: 'keyed' }
      place = { ...vault, ...beside, secretStore, tableName, deploymentId }
    }, DEPLOY_WITHIN_MS)
    afterAll(async () => {
      await place?.close()
      await place?.provider.close()
      await place?.receiver.close()
      await place?.upgradeReceiver.close()
      await place?.calls.close()
    })

    describe('as it was first deployed', () => {
      deployedSuite(secretStore, () => place)
      more(() => place, false)
    })

    if (!isUpgraded(secretStore)) return
    const toldSuite = upgradeSuite(
      () => place,
      async () => {
        const before = await functionsOf(place.stage)
        // The first tenant with a key was removed, and so is taken out of the stage file.
        const changed = { tenantKeys: ['keyed-later'], members: { ...members, logLevel: 'WARN' } }
        const outputs = await deployRelease(NEXT_RELEASE, { ...options, ...changed }, place)
        place = { ...place, outputs, keyedTenant: 'keyed-later' }
        expect(outputs['Release']).toBe(NEXT_RELEASE)
        const after = await functionsOf(place.stage)
        expect(after.filter(({ code }, at) => code === before[at]!.code)).toEqual([])
        expect(after.map(({ level }) => level)).toEqual(FUNCTION_TABLE.map(() => 'WARN'))
      },
    )

    describe('after its upgrade', () => {
      deployedSuite(secretStore, () => place)
      more(() => place, true)
      toldSuite()
    })
  })
}

/** Both take the minutes of a run that has others; `FLOW_VAULT_TEST_UPGRADE=all` has both upgraded. */
function isUpgraded(secretStore: DeployedPlace['secretStore']): boolean {
  return secretStore === 'sealed' || process.env['FLOW_VAULT_TEST_UPGRADE'] === 'all'
}

const configurationOf = (stage: string, name: VaultFunctionName) =>
  new LambdaClient(emulatorClientConfig('ministack')).send(
    new GetFunctionConfigurationCommand({ FunctionName: functionNameOf(stage, name) }),
  )

async function variableOf(stage: string, name: EnvName): Promise<string> {
  return (await configurationOf(stage, 'api')).Environment?.Variables?.[name] ?? ''
}

/** Of each function, its code and what it is set to log. */
async function functionsOf(
  stage: string,
): Promise<{ code: string | undefined; level: string | undefined }[]> {
  const configurations = FUNCTION_TABLE.map(({ name }) => configurationOf(stage, name))
  return (await Promise.all(configurations)).map(({ CodeSha256: code, Environment }) => ({
    code,
    level: Environment?.Variables?.[ENV.logLevel],
  }))
}
