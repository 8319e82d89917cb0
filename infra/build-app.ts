import { App, type AppProps, Tags, Validations } from 'aws-cdk-lib'
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag'
import { DEPLOYMENT_TAG, STAGE_TAG } from '../shared/adapters/kms/key-names.ts'
import { SettingsError } from '../shared/settings/read-environment.ts'
import { acknowledgeFindings } from './acknowledgements.ts'
import { AlarmsStack } from './stacks/alarms-stack.ts'
import { DataStack } from './stacks/data-stack.ts'
import { EdgeStack } from './stacks/edge-stack.ts'
import { VaultStack } from './stacks/vault-stack.ts'
import { WebStack } from './stacks/web-stack.ts'
import { type DeploymentSettings, readStage, stageNames } from './stage-file.ts'

/** Where the files of stages are, unless the context names another folder. */
const STAGES_FOLDER = 'stages'

/** The stacks of one deployment. */
export interface VaultStacks {
  readonly settings: DeploymentSettings
  readonly data: DataStack
  readonly vault: VaultStack
  readonly alarms: AlarmsStack
  /** The page, where the stage file wants one. */
  readonly web: WebStack | undefined
  /** Where the stage has one. */
  readonly edge: EdgeStack | undefined
}

/**
 * The app that `cdk` runs: the stacks of the stage that `-c stage=` names, or of every stage that has a file, so that
 * `cdk ls`, `bootstrap` and `destroy` need nothing more; cdk-nag checks them at synthesis. Throws `SettingsError`.
 */
export function buildApp(props: AppProps, awsEndpointUrl: string | undefined): App {
  const app = new App(props)
  refuseUnknownContext(Object.keys(app.node.getAllContext() as Readonly<Record<string, unknown>>))
  const folder = String(app.node.tryGetContext('stages') ?? STAGES_FOLDER)
  const named: unknown = app.node.tryGetContext('stage')
  const stages = named === undefined ? stageNames(folder) : [String(named)]
  for (const stage of stages) buildStage(app, readStage(folder, stage, awsEndpointUrl))
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app))
  return app
}

/** Our own words are plain ones; CDK's are not. A misspelt one would mean every stage. */
function refuseUnknownContext(keys: readonly string[]): void {
  const unknown = keys.find((key) => /^[A-Za-z_]+$/.test(key) && key !== 'stage' && key !== 'stages')
  if (unknown === undefined) return
  throw new SettingsError(`There is no context "${unknown}". Name the stage by -c stage=NAME.`)
}

/** Adds the stacks of one deployment to an app. */
export function buildStage(
  app: App,
  settings: DeploymentSettings,
  options: { readonly webFiles?: string } = {},
): VaultStacks {
  const { stage } = settings
  const name = (stack: string) => `FlowVault-${stage}-${stack}`
  const data = new DataStack(app, name('Data'), { settings, terminationProtection: true })
  const vault = new VaultStack(app, name('Vault'), { settings, data })
  const alarms = new AlarmsStack(app, name('Alarms'), { settings, data, vault })
  const web =
    settings.web === undefined
      ? undefined
      : new WebStack(app, name('Web'), { settings, vault, files: options.webFiles })
  const edge = edgeOf(app, name('Edge'), settings)
  for (const stack of [data, vault, alarms, web, edge].filter((one) => one !== undefined)) {
    for (const [key, value] of Object.entries(settings.tags)) Tags.of(stack).add(key, value)
    Tags.of(stack).add(STAGE_TAG, stage)
    // Not of the stack itself, whose tags have to be known before it is there.
    // The id is for what roles are held to; what is in another Region, or only looks on, does without it.
    if (stack === alarms || stack === edge) continue
    Tags.of(stack).add(DEPLOYMENT_TAG, data.deploymentId, {
      excludeResourceTypes: ['aws:cdk:stack'],
    })
  }
  acknowledgeFindings({ data, vault, alarms, web, edge })
  return { settings, data, vault, alarms, web, edge }
}

function edgeOf(app: App, id: string, { stage, edge, domain }: DeploymentSettings): EdgeStack | undefined {
  if (edge === undefined || domain === undefined) return undefined
  return new EdgeStack(app, id, { stage, edge, origin: domain.name })
}
