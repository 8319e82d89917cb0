import { ArnFormat, CfnOutput, Fn, Stack, type StackProps } from 'aws-cdk-lib'
import { LambdaApplication } from 'aws-cdk-lib/aws-codedeploy'
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda'
import type { Construct } from 'constructs'
import { ENV } from '../../functions/config.ts'
import packageJson from '../../package.json' with { type: 'json' }
import { TABLE_DEFINITION } from '../../shared/adapters/dynamodb/table-definition.ts'
import { EventBus } from '../constructs/event-bus.ts'
import type { VaultResources } from '../constructs/grant-statements.ts'
import { VaultHttpApi } from '../constructs/http-api.ts'
import { Schedules } from '../constructs/schedules.ts'
import { functionNameOf, VaultFunction } from '../constructs/vault-function.ts'
import { DeadLetters, WorkQueue } from '../constructs/work-queues.ts'
import { FUNCTION_TABLE, type FunctionEntry, type VaultFunctionName } from '../function-table.ts'
import { type RotationPace, rotationPace } from '../rotation-pace.ts'
import type { DeploymentSettings } from '../stage-file.ts'
import type { DataStack } from './data-stack.ts'

/** Instances of `grants` that work the jobs of freezes, beside those for rotations: the least that Lambda takes. */
const FREEZE_INSTANCES = 2

/** What people and flows wait for: a version of these that fails is noticed by a tenth of them. */
const CAREFUL: readonly VaultFunctionName[] = ['api', 'credentials']

export interface VaultStackProps extends StackProps {
  readonly settings: DeploymentSettings
  readonly data: DataStack
}

/** Everything that can be made again: the functions, the API, the queue and the schedules. */
export class VaultStack extends Stack {
  readonly functions: ReadonlyMap<VaultFunctionName, VaultFunction>
  readonly http: VaultHttpApi
  readonly work: WorkQueue
  readonly events: EventBus
  readonly deadLetters: DeadLetters
  readonly #canaries: LambdaApplication | undefined

  constructor(scope: Construct, id: string, props: VaultStackProps) {
    super(scope, id, props)
    const { settings } = props
    const pace = rotationPace(settings)
    this.http = new VaultHttpApi(this, 'Http', { settings })
    this.deadLetters = new DeadLetters(this, 'DeadLetters')
    const worker = FUNCTION_TABLE.find(({ worksQueue }) => worksQueue === true)
    this.work = new WorkQueue(this, 'Work', { workerTimeoutSeconds: worker?.timeoutSeconds ?? 0 })
    const deliverer = FUNCTION_TABLE.find(({ follows }) => follows === 'deliveries')
    this.events = new EventBus(this, 'Events', {
      stage: settings.stage,
      timeoutSeconds: deliverer?.timeoutSeconds ?? 0,
    })
    const resources = this.#resources(props, pace)
    this.#canaries = settings.canary ? new LambdaApplication(this, 'Deployments') : undefined
    const functions = FUNCTION_TABLE.map(
      (entry) => [entry.name, this.#addFunction(entry, { settings, resources, pace })] as const,
    )
    this.functions = new Map(functions)
    this.#wakeByEvents(props.data)
    if (settings.tokenUrl !== undefined) this.http.proxyTokenRequests(settings.tokenUrl)
    this.#addOutputs(props)
  }

  /** What operators and flows need, and what holds the stage to the store that it began with. */
  #addOutputs({ data }: VaultStackProps): void {
    const outputs = {
      Release: packageJson.version,
      ApiUrl: this.http.url,
      ApiId: this.http.api.apiId,
      DomainTarget: this.http.domainName?.regionalDomainName,
      WorkQueueUrl: this.work.queue.queueUrl,
      FreezeQueueUrl: this.work.freezes.queueUrl,
      WorkDeadLettersUrl: this.work.deadLetters.queueUrl,
      DeadLettersUrl: this.deadLetters.queue.queueUrl,
      EventBusName: this.events.bus.eventBusName,
      EventBusArn: this.events.bus.eventBusArn,
      DeliveryQueueUrl: this.events.deliveries.queueUrl,
      DeliveryDeadLettersUrl: this.events.deadLetters.queueUrl,
      CredentialsFunctionArn: this.functions.get('credentials')?.called.functionArn,
      SecretStore: Fn.importValue(data.secretStoreExport),
    }
    for (const [name, value] of Object.entries(outputs))
      if (value !== undefined) new CfnOutput(this, name, { value })
  }

  #wakeByEvents({ events }: DataStack): void {
    for (const { name, follows } of FUNCTION_TABLE) {
      const target = this.functions.get(name)!.function
      const stream = { streamArn: events.tableStreamArn!, deadLetters: this.deadLetters.queue }
      if (follows === 'events') this.events.wakeByEvents(target, stream)
      if (follows === 'deliveries') this.events.wakeByDeliveries(target)
    }
  }

  #addFunction(
    entry: FunctionEntry,
    {
      settings,
      resources,
      pace,
    }: { settings: DeploymentSettings; resources: VaultResources; pace: RotationPace },
  ): VaultFunction {
    const deadLetters = this.deadLetters.queue
    const vaultFunction = new VaultFunction(this, entry.name, {
      entry,
      resources,
      logLevel: settings.logLevel,
      reservedInstances: reservedFor(entry, settings),
      environment: { ...common(settings), [ENV.deploymentId]: resources.deploymentId },
      deadLetters,
      ...(this.#canaries !== undefined && CAREFUL.includes(entry.name) ? { canaries: this.#canaries } : {}),
    })
    const target = vaultFunction.called
    // What no route names goes to the management function, whose 404 has the vault's own shape.
    if (entry.routes !== undefined) this.http.route(target, entry.routes, { others: entry.name === 'api' })
    if (entry.schedules !== undefined) {
      new Schedules(this, `${entry.name}-schedules`, { target, schedules: entry.schedules, deadLetters })
    }
    if (entry.worksQueue) {
      // Not by the queue's own event source, which would add permissions that the table of functions does not name.
      new EventSourceMapping(this, `${entry.name}-queue`, {
        target,
        eventSourceArn: this.work.queue.queueArn,
        batchSize: pace.batchSize,
        maxConcurrency: pace.queueInstances,
      })
      new EventSourceMapping(this, `${entry.name}-freeze-queue`, {
        target,
        eventSourceArn: this.work.freezes.queueArn,
        batchSize: 1,
        maxConcurrency: FREEZE_INSTANCES,
      })
    }
    return vaultFunction
  }

  #resources({ settings, data }: VaultStackProps, pace: RotationPace): VaultResources {
    const grantsFunctionName = functionNameOf(settings.stage, 'grants')
    const { tableArn, tableName } = data.table
    return {
      stage: settings.stage,
      deploymentId: Fn.importValue(data.deploymentIdExport),
      region: this.region,
      secretStore: settings.secretStore,
      tableName,
      tableArn,
      dueIndexArn: `${tableArn}/index/${TABLE_DEFINITION.dueIndex.name}`,
      eventsTableName: data.events.tableName,
      eventsTableArn: data.events.tableArn,
      eventsIndexArn: `${data.events.tableArn}/index/${TABLE_DEFINITION.dueIndex.name}`,
      eventsStreamArn: data.events.tableStreamArn!,
      secretArnOf: (names) =>
        this.formatArn({
          service: 'secretsmanager',
          resource: 'secret',
          resourceName: names,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      wrappingKeyArn: data.wrappingKey.keyArn,
      anyKeyArn: this.formatArn({ service: 'kms', resource: 'key', resourceName: '*' }),
      tenantKeys: settings.tenantKeys,
      digestKeyArn: data.digestKey.keyArn,
      grantsFunctionName,
      // By name, because a function cannot wait for another one that waits for it.
      grantsFunctionArn: this.formatArn({
        service: 'lambda',
        resource: 'function',
        resourceName: grantsFunctionName,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      }),
      workQueueUrl: this.work.queue.queueUrl,
      workQueueArn: this.work.queue.queueArn,
      freezeQueueUrl: this.work.freezes.queueUrl,
      freezeQueueArn: this.work.freezes.queueArn,
      deliveryQueueUrl: this.events.deliveries.queueUrl,
      deliveryQueueArn: this.events.deliveries.queueArn,
      busName: this.events.bus.eventBusName,
      busArn: this.events.bus.eventBusArn,
      secretWriters: pace.secretWriters,
      rotationsPerMinute: pace.rotationsPerMinute,
      instances: settings.instances,
      http: {
        ...tokenSettings(settings),
        [ENV.publicUrl]: settings.environment[ENV.publicUrl] ?? this.http.url,
      },
    }
  }
}

const EVERYWHERE = [ENV.deployment, ENV.allowHosts, ENV.logLevel]

function common({ environment }: DeploymentSettings): DeploymentSettings['environment'] {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => EVERYWHERE.some((one) => one === name)),
  )
}

/** The rest of the context is about requests: tokens, rates, and where browsers are sent. */
function tokenSettings({ environment }: DeploymentSettings): DeploymentSettings['environment'] {
  const elsewhere: readonly string[] = [...EVERYWHERE, ENV.secretStore]
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !elsewhere.includes(name)))
}

function reservedFor({ name }: FunctionEntry, { reservedInstances }: DeploymentSettings): number | undefined {
  return Object.entries(reservedInstances).find(([one]) => one === name)?.[1]
}
