import { DescribeKeyCommand, KMSClient, type KMSClientConfig } from '@aws-sdk/client-kms'

/** What KMS answers while a key is in this state (KMS guide, "Key states of KMS keys"). */
const REFUSED: Readonly<Record<string, string>> = {
  Disabled: 'DisabledException',
  PendingDeletion: 'KMSInvalidStateException',
  PendingReplicaDeletion: 'KMSInvalidStateException',
}
const BY_KEY = ['GenerateDataKeyCommand', 'DecryptCommand', 'ReEncryptCommand']

/**
 * A client of moto that is refused as AWS documents: moto uses a key whatever its state, and deletes none when its day
 * has come (`emulator-deviations.ts`). The state itself is moto's own; `nowMs` is what time it is for KMS.
 */
export function kmsByKeyState(config: KMSClientConfig, nowMs: () => number): KMSClient {
  const client = new KMSClient(config)
  const looking = new KMSClient(config)
  client.middlewareStack.add(
    (next, context) => async (args) => {
      if (!BY_KEY.includes(String(context.commandName))) return next(args)
      const input = args.input as Readonly<Record<string, unknown>>
      for (const member of ['KeyId', 'SourceKeyId', 'DestinationKeyId']) {
        if (typeof input[member] !== 'string') continue
        const { KeyMetadata } = await looking.send(new DescribeKeyCommand({ KeyId: input[member] }))
        const { KeyState, DeletionDate } = KeyMetadata!
        const isGone = DeletionDate !== undefined && DeletionDate.getTime() <= nowMs()
        const name = isGone ? 'NotFoundException' : REFUSED[String(KeyState)]
        if (name !== undefined)
          throw Object.assign(new Error('refused'), { name, $metadata: {}, $fault: 'client' })
      }
      return next(args)
    },
    { step: 'initialize', name: 'by-key-state' },
  )
  return client
}
