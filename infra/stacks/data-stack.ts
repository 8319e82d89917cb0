import { CfnOutput, Fn, Stack, type StackProps } from 'aws-cdk-lib'
import { type ITableV2, TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { type IKey, Key } from 'aws-cdk-lib/aws-kms'
import type { Construct } from 'constructs'
import { DailyBackup } from '../constructs/daily-backup.ts'
import { Keys, TenantKeys } from '../constructs/vault-keys.ts'
import { VaultTable } from '../constructs/vault-table.ts'
import type { DeploymentSettings } from '../stage-file.ts'

/**
 * What must not be lost: the rows and the keys, or those of another deployment that the stage file adopts.
 * Everything in it is retained when the stack goes.
 */
export class DataStack extends Stack {
  readonly table: ITableV2
  /** What happened to the rows; always of this deployment: its stream is what tells of changes. */
  readonly events: TableV2
  readonly wrappingKey: IKey
  readonly digestKey: IKey
  /** Of tenants that have one of their own. */
  readonly tenantKeys: ReadonlyMap<string, IKey>
  /**
   * Eight hex digits that only this deployment has: a stage that is made anew under an old name is another one, and
   * never takes what the old one left for its own.
   */
  readonly deploymentId: string
  /** What the other stacks import it by: the names of secrets begin with it. */
  readonly deploymentIdExport: string
  /** Has to be imported by whoever uses the store: while it is, CloudFormation refuses to change the kind. */
  readonly secretStoreExport: string

  constructor(scope: Construct, id: string, props: StackProps & { readonly settings: DeploymentSettings }) {
    super(scope, id, props)
    const { stage, adopt, secretStore, warmThroughput: warm } = props.settings
    // A stack's id is arn:…:stack/<name>/<uuid>.
    const own = Fn.select(0, Fn.split('-', Fn.select(2, Fn.split('/', this.stackId))))
    this.deploymentId = adopt?.deploymentId ?? own
    this.events = new VaultTable(this, 'Events', { streams: true, warm }).table
    if (adopt === undefined) {
      this.table = new VaultTable(this, 'Connections', { warm }).table
      const keys = new Keys(this, 'Keys', { stage })
      this.wrappingKey = keys.wrappingKey
      this.digestKey = keys.digestKey
    } else {
      this.table = TableV2.fromTableName(this, 'Connections', adopt.tableName)
      this.wrappingKey = Key.fromKeyArn(this, 'WrappingKey', adopt.wrappingKeyArn)
      this.digestKey = Key.fromKeyArn(this, 'DigestKey', adopt.digestKeyArn)
    }
    this.tenantKeys = new TenantKeys(this, 'TenantKeys', {
      stage,
      tenants: props.settings.tenantKeys,
      adopted: adopt?.tenantKeyArns ?? new Map(),
    }).byTenant
    const { backup } = props.settings
    if (backup !== undefined) new DailyBackup(this, 'Backup', { tables: [this.table, this.events], backup })
    this.secretStoreExport = `${this.stackName}-keeps-secrets-in-${secretStore}`
    new CfnOutput(this, 'SecretStore', { value: secretStore, exportName: this.secretStoreExport })
    this.deploymentIdExport = `${this.stackName}-is-deployment`
    new CfnOutput(this, 'DeploymentId', { value: this.deploymentId, exportName: this.deploymentIdExport })
    new CfnOutput(this, 'TableName', { value: this.table.tableName })
    new CfnOutput(this, 'EventsTableName', { value: this.events.tableName })
    new CfnOutput(this, 'WrappingKeyArn', { value: this.wrappingKey.keyArn })
    new CfnOutput(this, 'DigestKeyArn', { value: this.digestKey.keyArn })
  }
}
