import { randomUUID } from 'node:crypto'
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import { type EmulatorName, emulatorClientConfig } from '../support/emulator-under-test.ts'

/*
 * Each probe answers true while the emulator departs from what AWS documents, on a secret of its own.
 */

/** Secrets Manager keeps at most 65,536 bytes (API Reference, PutSecretValue, SecretString). */
const ONE_BYTE_TOO_MANY = 65_537

async function onSecret<Answer>(
  emulator: EmulatorName,
  use: (
    client: SecretsManagerClient,
    secret: { name: string; versionId: string; token: string },
  ) => Promise<Answer>,
): Promise<Answer> {
  const client = new SecretsManagerClient({ maxAttempts: 1, ...emulatorClientConfig(emulator) })
  const name = `probe/${randomUUID()}`
  const token = randomUUID()
  const created = await client.send(
    new CreateSecretCommand({ Name: name, SecretString: 'one', ClientRequestToken: token }),
  )
  try {
    return await use(client, { name, versionId: created.VersionId ?? '', token })
  } finally {
    await client.send(new DeleteSecretCommand({ SecretId: name, ForceDeleteWithoutRecovery: true }))
    client.destroy()
  }
}

/** Whether the request succeeds. AWS documents that it is refused. */
async function isAccepted(request: Promise<unknown>): Promise<boolean> {
  return request.then(
    () => true,
    () => false,
  )
}

/** Whether a version's id is not the ClientRequestToken it was made with. */
export function ignoresTheRequestToken(emulator: EmulatorName): Promise<boolean> {
  return onSecret(emulator, async (client, { name, versionId, token }) => {
    const next = randomUUID()
    const put = await client.send(
      new PutSecretValueCommand({ SecretId: name, SecretString: 'two', ClientRequestToken: next }),
    )
    return versionId !== token || put.VersionId !== next
  })
}

/** Whether the first version cannot be read any more when two others came after it. */
export function removesUnlabelledVersions(emulator: EmulatorName): Promise<boolean> {
  return onSecret(emulator, async (client, { name, versionId }) => {
    for (const SecretString of ['two', 'three'])
      await client.send(new PutSecretValueCommand({ SecretId: name, SecretString }))
    const read = client.send(new GetSecretValueCommand({ SecretId: name, VersionId: versionId }))
    return !(await isAccepted(read))
  })
}

/** Whether a token that made one value makes another one too. */
export function acceptsAnotherValueForOneToken(emulator: EmulatorName): Promise<boolean> {
  return onSecret(emulator, (client, { name, token }) =>
    isAccepted(
      client.send(
        new PutSecretValueCommand({ SecretId: name, SecretString: 'other', ClientRequestToken: token }),
      ),
    ),
  )
}

/** Whether a version put with the label AWSPENDING alone becomes the current one. */
export function movesCurrentOnPending(emulator: EmulatorName): Promise<boolean> {
  return onSecret(emulator, async (client, { name }) => {
    await client.send(
      new PutSecretValueCommand({ SecretId: name, SecretString: 'two', VersionStages: ['AWSPENDING'] }),
    )
    const current = await client.send(
      new GetSecretValueCommand({ SecretId: name, VersionStage: 'AWSCURRENT' }),
    )
    return current.SecretString !== 'one'
  })
}

/** Whether the version before the current one is left without the label AWSPREVIOUS. */
export function forgetsThePreviousLabel(emulator: EmulatorName): Promise<boolean> {
  return onSecret(emulator, async (client, { name, versionId }) => {
    await client.send(new PutSecretValueCommand({ SecretId: name, SecretString: 'two' }))
    const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: name }))
    return !VersionIdsToStages?.[versionId]?.includes('AWSPREVIOUS')
  })
}

/** Whether a read without a version gives an old one after AWSCURRENT was moved by hand. */
export function readsAnOldVersionByDefault(emulator: EmulatorName): Promise<boolean> {
  return onSecret(emulator, async (client, { name, versionId }) => {
    const pending = await client.send(
      new PutSecretValueCommand({ SecretId: name, SecretString: 'two', VersionStages: ['AWSPENDING'] }),
    )
    await client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: name,
        VersionStage: 'AWSCURRENT',
        MoveToVersionId: pending.VersionId,
        RemoveFromVersionId: versionId,
      }),
    )
    const read = await client.send(new GetSecretValueCommand({ SecretId: name }))
    return read.SecretString !== 'two'
  })
}

/** Whether a secret that waits for its deletion takes a new version. */
export function takesVersionsWhileWaitingForDeletion(emulator: EmulatorName): Promise<boolean> {
  return onSecret(emulator, async (client, { name }) => {
    await client.send(new DeleteSecretCommand({ SecretId: name, RecoveryWindowInDays: 7 }))
    return isAccepted(client.send(new PutSecretValueCommand({ SecretId: name, SecretString: 'two' })))
  })
}

/** Whether the name of a secret that waits for its deletion can be used again at once. */
export function givesAwayANameInItsRecoveryWindow(emulator: EmulatorName): Promise<boolean> {
  return onSecret(emulator, async (client, { name }) => {
    await client.send(new DeleteSecretCommand({ SecretId: name, RecoveryWindowInDays: 7 }))
    return isAccepted(client.send(new CreateSecretCommand({ Name: name, SecretString: 'two' })))
  })
}

/** Whether a secret that waits for its deletion can still be read. */
export function readsWhileWaitingForDeletion(emulator: EmulatorName): Promise<boolean> {
  return onSecret(emulator, async (client, { name, versionId }) => {
    await client.send(new DeleteSecretCommand({ SecretId: name, RecoveryWindowInDays: 7 }))
    return isAccepted(client.send(new GetSecretValueCommand({ SecretId: name, VersionId: versionId })))
  })
}

/** Whether a value of more than 65,536 bytes is stored. */
export function storesTooLargeAValue(emulator: EmulatorName): Promise<boolean> {
  return onSecret(emulator, (client, { name }) =>
    isAccepted(
      client.send(new PutSecretValueCommand({ SecretId: name, SecretString: 'x'.repeat(ONE_BYTE_TOO_MANY) })),
    ),
  )
}
