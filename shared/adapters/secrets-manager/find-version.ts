import {
  DescribeSecretCommand,
  ListSecretVersionIdsCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager'
import { everyPage } from '../../ports/pages-of.ts'
import { awsFailure } from '../aws-failure.ts'
import { secretsManagerError } from './secrets-manager-failure.ts'

/** The most ListSecretVersionIds answers in one page (API reference, MaxResults). */
const MAX_VERSIONS = 100

/**
 * Whether this version is there, also of a secret that waits for its deletion; nothing is opened. One call finds what
 * has a label, which nearly every version that a row points at has; one that was superseded keeps none, and is told
 * from one that is gone by the list of all.
 */
export async function hasVersion(
  client: Pick<SecretsManagerClient, 'send'>,
  secretId: string,
  versionId: string,
): Promise<boolean> {
  let call = 'DescribeSecret'
  try {
    const described = await client.send(new DescribeSecretCommand({ SecretId: secretId }))
    if (Object.hasOwn(described.VersionIdsToStages ?? {}, versionId)) return true
    call = 'ListSecretVersionIds'
    const pages = everyPage(async (from) => {
      const { Versions = [], NextToken } = await client.send(
        new ListSecretVersionIdsCommand({
          SecretId: secretId,
          IncludeDeprecated: true,
          MaxResults: MAX_VERSIONS,
          NextToken: from.nextToken,
        }),
      )
      // An empty one, as stand-ins answer, leads to the first page again.
      return { items: Versions, ...(NextToken ? { nextToken: NextToken } : {}) }
    })
    for await (const versions of pages)
      if (versions.some(({ VersionId }) => VersionId === versionId)) return true
    return false
  } catch (error) {
    const failure = awsFailure(error)
    if (failure.name === 'ResourceNotFoundException') return false
    throw secretsManagerError(call, failure)
  }
}
