import type { EmulatorName } from '../support/emulator-under-test.ts'
import {
  endsCallsOfWhatIsChanged,
  hasNoSdkInItsRuntime,
  hasNoTlsAtItsEdge,
  lacksBackupSelections,
  lacksCodeDeploy,
  lacksMetricMath,
  putsLayersElsewhere,
} from './deployment-probes.ts'
import {
  appliesARepeatedTransactionTwice,
  failsOnComparingTextWithANumber,
  undoesTheWritesOfOthers,
} from './dynamodb-probes.ts'
import {
  decryptsWithADisabledKey,
  lacksMessageMoveTasks,
  lacksReEncrypt,
  opensNothingOfMultiRegionKeys,
} from './kms-and-sqs-probes.ts'
import {
  acceptsAnotherValueForOneToken,
  ignoresTheRequestToken,
  readsAnOldVersionByDefault,
  removesUnlabelledVersions,
  storesTooLargeAValue,
  takesVersionsWhileWaitingForDeletion,
} from './secrets-manager-probes.ts'

/** One way in which an emulator departs from AWS, written down so that no suite trusts it there. */
export interface EmulatorDeviation {
  /** The name under which a suite skips a test. */
  readonly name: string
  readonly emulator: EmulatorName
  /** What AWS does, and where it says so. */
  readonly documented: string
  /** What the emulator does, and why where that is known. */
  readonly observed: string
  /** Set when a probe can only try to meet a race: not having met it proves nothing. */
  readonly isRace?: true
  /** True while the emulator still deviates. */
  readonly probe: (emulator: EmulatorName) => Promise<boolean>
}

const ONE_APPLICATION =
  'TransactWriteItems, ClientRequestToken: calls with one token within 10 minutes have the effect of one call'
const SIZE_LIMIT = 'Secrets Manager, PutSecretValue, SecretString: at most 65,536 bytes'
const MOVE_TASK = 'SQS, StartMessageMoveTask: moves the messages of a dead-letter queue back to their source'

/**
 * Every deviation that a suite of ours meets; moto 5.2.5 and MiniStack 1.5.33. Where the emulators differ, the AWS
 * documentation decides. `emulator-deviations.aws.test.ts` fails when an entry is no longer true.
 */
export const EMULATOR_DEVIATIONS: readonly EmulatorDeviation[] = [
  {
    name: 'transaction-tokens-are-ignored',
    emulator: 'moto',
    documented: ONE_APPLICATION,
    observed: 'the token is not read: an addition sent twice is applied twice',
    probe: appliesARepeatedTransactionTwice,
  },
  {
    name: 'comparing-text-with-a-number-is-an-error',
    emulator: 'moto',
    documented: 'Developer Guide, "Comparison operator and function reference": the condition is false',
    observed: "Python's TypeError becomes the cancellation reason of a transaction",
    probe: failsOnComparingTextWithANumber,
  },
  {
    name: 'transactions-are-not-isolated',
    emulator: 'moto',
    documented: 'Developer Guide, "Managing complex workflows with transactions": serializable isolation',
    observed:
      'a failing transaction puts back a copy of the whole table, without what others wrote meanwhile',
    isRace: true,
    probe: undoesTheWritesOfOthers,
  },
  {
    name: 'default-read-gives-an-old-version',
    emulator: 'moto',
    documented: 'Secrets Manager, GetSecretValue: without a version, the one labelled AWSCURRENT',
    observed:
      'after UpdateSecretVersionStage the default stays; asking for AWSCURRENT or a VersionId is right',
    probe: readsAnOldVersionByDefault,
  },
  {
    name: 'takes-versions-while-waiting-for-deletion',
    emulator: 'moto',
    documented: 'Secrets Manager, PutSecretValue: InvalidRequestException while the secret is to be deleted',
    observed: 'the version is stored',
    probe: takesVersionsWhileWaitingForDeletion,
  },
  {
    name: 'stores-too-large-a-value',
    emulator: 'moto',
    documented: SIZE_LIMIT,
    observed: 'one byte more is stored',
    probe: storesTooLargeAValue,
  },
  {
    name: 'stores-too-large-a-value',
    emulator: 'ministack',
    documented: SIZE_LIMIT,
    observed: 'one byte more is stored',
    probe: storesTooLargeAValue,
  },
  {
    name: 'secret-request-tokens-are-ignored',
    emulator: 'ministack',
    documented:
      'Secrets Manager, PutSecretValue, ClientRequestToken: becomes the VersionId of the new version',
    observed: 'a VersionId of its own: take it from the answer',
    probe: ignoresTheRequestToken,
  },
  {
    name: 'one-secret-token-takes-two-values',
    emulator: 'ministack',
    documented:
      'Secrets Manager, PutSecretValue: ResourceExistsException for another value under a used token',
    observed: 'both values are stored, each as a version',
    probe: acceptsAnotherValueForOneToken,
  },
  {
    name: 'unlabelled-versions-go-at-once',
    emulator: 'ministack',
    documented:
      'Secrets Manager user guide, versions: those without a label go when there are over 100, and are a day old',
    observed: 'the third version takes the first away: no test may go back two versions there',
    probe: removesUnlabelledVersions,
  },
  {
    name: 'a-disabled-key-decrypts',
    emulator: 'moto',
    documented: 'KMS, Decrypt: DisabledException',
    observed: 'the plaintext is given',
    probe: decryptsWithADisabledKey,
  },
  {
    name: 'multi-region-keys-open-nothing',
    emulator: 'moto',
    documented:
      'KMS guide, multi-Region keys: they encrypt and decrypt as other keys do; ids have 36 characters',
    observed: 'ids have 40, and a ciphertext has room for 36 of them: it names a key that is not there',
    probe: opensNothingOfMultiRegionKeys,
  },
  {
    name: 're-encrypt-is-missing',
    emulator: 'ministack',
    documented: 'KMS, ReEncrypt: the same plaintext under another key or context',
    observed: 'refused as an unknown operation',
    probe: lacksReEncrypt,
  },
  {
    name: 'message-move-tasks-are-missing',
    emulator: 'moto',
    documented: MOVE_TASK,
    observed: 'refused as an unknown operation',
    probe: lacksMessageMoveTasks,
  },
  {
    name: 'message-move-tasks-are-missing',
    emulator: 'ministack',
    documented: MOVE_TASK,
    observed: 'refused as an unknown operation',
    probe: lacksMessageMoveTasks,
  },
  {
    name: 'metric-math-is-missing',
    emulator: 'ministack',
    documented: 'CloudFormation, AWS::CloudWatch::Alarm, Metrics: figures and expressions over them',
    observed: 'the stack fails: where it is deployed, an alarm looks at the first of its figures alone',
    probe: lacksMetricMath,
  },
  {
    name: 'code-deploy-is-missing',
    emulator: 'ministack',
    documented: 'CloudFormation, AWS::CodeDeploy::Application',
    observed: 'an unknown type: no stage with canary is deployed',
    probe: lacksCodeDeploy,
  },
  {
    name: 'backup-selections-are-missing',
    emulator: 'ministack',
    documented: 'CloudFormation, AWS::Backup::BackupSelection',
    observed: 'an unknown type: no stage with backup is deployed',
    probe: lacksBackupSelections,
  },
  {
    name: 'the-sdk-is-not-in-the-runtime',
    emulator: 'ministack',
    documented: 'Lambda guide, Node.js: the runtime includes version 3 of the SDK',
    observed: 'not found: what would empty the bucket of the page is left out of its stack',
    probe: hasNoSdkInItsRuntime,
  },
  {
    name: 'layers-are-elsewhere',
    emulator: 'ministack',
    documented: 'Lambda guide, layers: their files are in /opt',
    observed: 'they are not: what fills the bucket of the page runs the AWS CLI of the tests',
    probe: putsLayersElsewhere,
  },
  {
    name: 'an-edge-has-no-tls',
    emulator: 'ministack',
    documented: 'CloudFront guide, origin access control: CloudFront asks a bucket by HTTPS',
    observed: 'a policy that refuses plain HTTP refuses it: the page is deployed without that statement',
    probe: hasNoTlsAtItsEdge,
  },
  {
    name: 'changes-end-calls',
    emulator: 'ministack',
    documented: 'Lambda guide, functions: calls under way go on with the code and settings they began with',
    observed: 'the call fails, with 502 by way of an API: an upgrade under load counts these apart',
    probe: endsCallsOfWhatIsChanged,
  },
]

/** Of the deviations a contract suite knows, those that the emulator has. */
export function deviationsOf<Name extends string>(emulator: EmulatorName, known: readonly Name[]): Name[] {
  const listed = EMULATOR_DEVIATIONS.filter((deviation) => deviation.emulator === emulator)
  return known.filter((name) => listed.some((deviation) => deviation.name === name))
}
