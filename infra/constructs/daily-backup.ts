import { Duration, RemovalPolicy } from 'aws-cdk-lib'
import { BackupPlan, BackupPlanRule, BackupResource, BackupVault } from 'aws-cdk-lib/aws-backup'
import type { ITableV2 } from 'aws-cdk-lib/aws-dynamodb'
import { Schedule } from 'aws-cdk-lib/aws-events'
import { Construct } from 'constructs'
import type { DeploymentSettings } from '../stage-file.ts'

/** Before working hours in Europe, after those in America. */
const AT = { hour: '4', minute: '0' }

/**
 * A copy of the tables each day, kept as long as the stage says, and handed to another account or Region where one is
 * named. What Secrets Manager holds is in none: AWS Backup does not know it.
 */
export class DailyBackup extends Construct {
  constructor(
    scope: Construct,
    id: string,
    props: {
      readonly tables: readonly ITableV2[]
      readonly backup: NonNullable<DeploymentSettings['backup']>
    },
  ) {
    super(scope, id)
    const { keepDays, copyTo } = props.backup
    const deleteAfter = Duration.days(keepDays)
    const vault = new BackupVault(this, 'Vault', { removalPolicy: RemovalPolicy.RETAIN })
    const plan = new BackupPlan(this, 'Plan', { backupVault: vault })
    plan.addRule(
      new BackupPlanRule({
        ruleName: 'daily',
        scheduleExpression: Schedule.cron(AT),
        deleteAfter,
        ...(copyTo === undefined
          ? {}
          : {
              copyActions: [
                {
                  destinationBackupVault: BackupVault.fromBackupVaultArn(this, 'CopyTo', copyTo),
                  deleteAfter,
                },
              ],
            }),
      }),
    )
    plan.addSelection('Tables', {
      resources: props.tables.map((table) => BackupResource.fromArn(table.tableArn)),
    })
  }
}
