import { App, type AppProps, Tags, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag'
import { acknowledgeFindings } from './acknowledgements.ts'
import { type DeploymentSettings, readContext } from './context.ts'
import { AlarmsStack } from './stacks/alarms-stack.ts'
import { DataStack } from './stacks/data-stack.ts'
import { VaultStack } from './stacks/vault-stack.ts'

/** The stacks of one deployment. */
export interface VaultApp {
  readonly app: App
  readonly settings: DeploymentSettings
  readonly data: DataStack
  readonly vault: VaultStack
  readonly alarms: AlarmsStack
}

/** Builds the stacks from the context, and has cdk-nag check them at synthesis. Throws `SettingsError`. */
export function buildApp(props: AppProps, awsEndpointUrl: string | undefined): VaultApp {
  const app = new App(props)
  const settings = readContext(app.node, awsEndpointUrl)
  const { stage } = settings
  const name = (stack: string) => `FlowVault-${stage}-${stack}`
  const data = new DataStack(app, 'Data', { stackName: name('Data'), stage, terminationProtection: true })
  const vault = new VaultStack(app, 'Vault', { stackName: name('Vault'), settings, data })
  const alarms = new AlarmsStack(app, 'Alarms', { stackName: name('Alarms'), settings, data, vault })
  Tags.of(app).add('flow-vault:deployment', stage)
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app))
  acknowledgeFindings({ vault })
  return { app, settings, data, vault, alarms }
}
