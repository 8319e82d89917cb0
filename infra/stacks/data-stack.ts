import { Stack, type StackProps } from 'aws-cdk-lib'
import type { TableV2 } from 'aws-cdk-lib/aws-dynamodb'
import type { Construct } from 'constructs'
import { ConnectionTable } from '../constructs/connection-table.ts'
import { Keys } from '../constructs/vault-keys.ts'

/** What must not be lost: the rows and the keys. Everything in it is retained when the stack goes. */
export class DataStack extends Stack {
  readonly table: TableV2
  readonly keys: Keys

  constructor(scope: Construct, id: string, props: StackProps & { readonly stage: string }) {
    super(scope, id, props)
    this.table = new ConnectionTable(this, 'Connections').table
    this.keys = new Keys(this, 'Keys', { stage: props.stage })
  }
}
