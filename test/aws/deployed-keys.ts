import {
  KMSClient,
  ListResourceTagsCommand,
  paginateListAliases,
  paginateListKeys,
} from '@aws-sdk/client-kms'
import type { KnownKey } from '../support/call-report.ts'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'

/** The keys that are there, by ARN and by alias, with the tags that CloudFormation gave them. */
export async function deployedKeys(): Promise<ReadonlyMap<string, KnownKey>> {
  const client = new KMSClient(emulatorClientConfig('ministack'))
  const byId = new Map<string, KnownKey>()
  for await (const { Keys = [] } of paginateListKeys({ client }, {})) {
    for (const { KeyId = '', KeyArn = '' } of Keys) {
      const { Tags = [] } = await client.send(new ListResourceTagsCommand({ KeyId }))
      const tags = Tags.map(({ TagKey, TagValue = '' }) => [`aws:ResourceTag/${TagKey}`, [TagValue]] as const)
      byId.set(KeyId, { arn: KeyArn, tags: Object.fromEntries(tags) })
    }
  }
  const named = new Map([...byId.values()].map((key) => [key.arn, key]))
  for await (const { Aliases = [] } of paginateListAliases({ client }, {})) {
    for (const { AliasName = '', TargetKeyId = '' } of Aliases) {
      const key = byId.get(TargetKeyId)
      if (key !== undefined) named.set(AliasName, key)
    }
  }
  return named
}
