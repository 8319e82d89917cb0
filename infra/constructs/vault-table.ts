import { RemovalPolicy } from 'aws-cdk-lib'
import {
  AttributeType,
  Billing,
  ProjectionType,
  StreamViewType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb'
import { Construct } from 'constructs'
import { TABLE_DEFINITION } from '../../shared/adapters/dynamodb/table-definition.ts'
import type { DeploymentSettings } from '../stage-file.ts'

type WarmUnits = DeploymentSettings['warmThroughput']

const TYPES = { S: AttributeType.STRING, N: AttributeType.NUMBER } as const

/**
 * A table, from the definition that the adapter reads: one holds the rows, one what happened to them. It outlives its
 * stack: it can be neither deleted nor dropped by a deployment, and any second of the last 35 days can be restored.
 * With `streams` every new image is handed on; `warm` is what it is ready for at once, with its index.
 */
export class VaultTable extends Construct {
  readonly table: TableV2

  constructor(
    scope: Construct,
    id: string,
    { streams = false, warm }: { readonly streams?: boolean; readonly warm: WarmUnits },
  ) {
    super(scope, id)
    // The index as well: one that throttles holds the table's writes up.
    const ready = warm && {
      warmThroughput: { readUnitsPerSecond: warm.reads, writeUnitsPerSecond: warm.writes },
    }
    const { partitionKey, sortKey, dueIndex, timeToLiveAttribute } = TABLE_DEFINITION
    const attribute = ({ name, type }: { name: string; type: 'S' | 'N' }) => ({ name, type: TYPES[type] })
    this.table = new TableV2(this, 'Table', {
      partitionKey: attribute(partitionKey),
      sortKey: attribute(sortKey),
      globalSecondaryIndexes: [
        {
          indexName: dueIndex.name,
          partitionKey: attribute(dueIndex.partitionKey),
          sortKey: attribute(dueIndex.sortKey),
          projectionType: ProjectionType[dueIndex.projection],
          ...ready,
        },
      ],
      timeToLiveAttribute,
      billing: Billing.onDemand(),
      // The rows hold no secrets, and sealed values are ciphertext already: a second key of ours adds no wall.
      encryption: TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      ...ready,
      ...(streams ? { dynamoStream: StreamViewType.NEW_IMAGE } : {}),
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    })
  }
}
