import { randomUUID } from 'node:crypto'
import {
  CreateKeyCommand,
  DecryptCommand,
  DisableKeyCommand,
  EncryptCommand,
  GenerateMacCommand,
  KMSClient,
  ReEncryptCommand,
} from '@aws-sdk/client-kms'
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs'
import { type EmulatorName, emulatorClientConfig } from '../support/emulator-under-test.ts'

/*
 * Each probe answers true while the emulator departs from what AWS documents, on a key or queues of its own.
 */

const PLAINTEXT = Buffer.from('a data key')
const CONTEXT = { tenant: 't1' }

async function onKey<Answer>(
  emulator: EmulatorName,
  use: (client: KMSClient, keyId: string, ciphertext: Uint8Array) => Promise<Answer>,
): Promise<Answer> {
  const client = new KMSClient({ maxAttempts: 1, ...emulatorClientConfig(emulator) })
  try {
    const { KeyMetadata } = await client.send(new CreateKeyCommand({}))
    const keyId = KeyMetadata?.KeyId ?? ''
    const request = { KeyId: keyId, Plaintext: PLAINTEXT, EncryptionContext: CONTEXT }
    const { CiphertextBlob } = await client.send(new EncryptCommand(request))
    return await use(client, keyId, CiphertextBlob ?? new Uint8Array())
  } finally {
    client.destroy()
  }
}

async function isAccepted(request: Promise<unknown>): Promise<boolean> {
  return request.then(
    () => true,
    () => false,
  )
}

/** Whether a key that is disabled still decrypts. */
export function decryptsWithADisabledKey(emulator: EmulatorName): Promise<boolean> {
  return onKey(emulator, async (client, keyId, ciphertext) => {
    await client.send(new DisableKeyCommand({ KeyId: keyId }))
    return isAccepted(
      client.send(new DecryptCommand({ CiphertextBlob: ciphertext, EncryptionContext: CONTEXT })),
    )
  })
}

/** Whether what a multi-Region key wrapped cannot be opened by it. */
export async function opensNothingOfMultiRegionKeys(emulator: EmulatorName): Promise<boolean> {
  const client = new KMSClient({ maxAttempts: 1, ...emulatorClientConfig(emulator) })
  try {
    const { KeyMetadata } = await client.send(new CreateKeyCommand({ MultiRegion: true }))
    const KeyId = KeyMetadata?.KeyId ?? ''
    const { CiphertextBlob } = await client.send(new EncryptCommand({ KeyId, Plaintext: PLAINTEXT }))
    return !(await isAccepted(client.send(new DecryptCommand({ KeyId, CiphertextBlob }))))
  } finally {
    client.destroy()
  }
}

/** Whether a ciphertext opens under another encryption context than the one it was made with. */
export function ignoresTheEncryptionContext(emulator: EmulatorName): Promise<boolean> {
  return onKey(emulator, (client, _keyId, ciphertext) => {
    const other = { CiphertextBlob: ciphertext, EncryptionContext: { tenant: 't2' } }
    return isAccepted(client.send(new DecryptCommand(other)))
  })
}

/** Whether ReEncrypt is not to be had. */
export function lacksReEncrypt(emulator: EmulatorName): Promise<boolean> {
  return onKey(emulator, async (client, keyId, ciphertext) => {
    const request = {
      CiphertextBlob: ciphertext,
      SourceEncryptionContext: CONTEXT,
      DestinationKeyId: keyId,
      DestinationEncryptionContext: CONTEXT,
    }
    return !(await isAccepted(client.send(new ReEncryptCommand(request))))
  })
}

/** Whether GenerateMac is not to be had for an HMAC key. */
export async function lacksGenerateMac(emulator: EmulatorName): Promise<boolean> {
  const client = new KMSClient({ maxAttempts: 1, ...emulatorClientConfig(emulator) })
  try {
    const { KeyMetadata } = await client.send(
      new CreateKeyCommand({ KeySpec: 'HMAC_256', KeyUsage: 'GENERATE_VERIFY_MAC' }),
    )
    const request = { KeyId: KeyMetadata?.KeyId, Message: PLAINTEXT, MacAlgorithm: 'HMAC_SHA_256' as const }
    return !(await isAccepted(client.send(new GenerateMacCommand(request))))
  } finally {
    client.destroy()
  }
}

/** Whether a dead-letter queue cannot be moved back to its source. */
export async function lacksMessageMoveTasks(emulator: EmulatorName): Promise<boolean> {
  const client = new SQSClient({ maxAttempts: 1, ...emulatorClientConfig(emulator) })
  const urls: string[] = []
  try {
    const dead = await client.send(new CreateQueueCommand({ QueueName: `probe-dead-${randomUUID()}` }))
    urls.push(dead.QueueUrl ?? '')
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({ QueueUrl: dead.QueueUrl, AttributeNames: ['QueueArn'] }),
    )
    const deadArn = Attributes?.QueueArn ?? ''
    const redrive = JSON.stringify({ deadLetterTargetArn: deadArn, maxReceiveCount: 5 })
    const source = await client.send(
      new CreateQueueCommand({ QueueName: `probe-${randomUUID()}`, Attributes: { RedrivePolicy: redrive } }),
    )
    urls.push(source.QueueUrl ?? '')
    return !(await isAccepted(client.send(new StartMessageMoveTaskCommand({ SourceArn: deadArn }))))
  } finally {
    for (const url of urls) await client.send(new DeleteQueueCommand({ QueueUrl: url }))
    client.destroy()
  }
}
