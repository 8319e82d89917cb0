import {
  appliesARepeatedTransactionTwice,
  failsOnComparingTextWithANumber,
  undoesTheWritesOfOthers,
} from './dynamodb-probes.ts'
import { EMULATOR_DEVIATIONS } from './emulator-deviations.ts'
import { ignoresTheEncryptionContext, lacksGenerateMac, lacksReEncrypt } from './kms-and-sqs-probes.ts'
import {
  acceptsAnotherValueForOneToken,
  forgetsThePreviousLabel,
  givesAwayANameInItsRecoveryWindow,
  ignoresTheRequestToken,
  movesCurrentOnPending,
  readsAnOldVersionByDefault,
  readsWhileWaitingForDeletion,
} from './secrets-manager-probes.ts'

describe('EMULATOR_DEVIATIONS', () => {
  test.each(EMULATOR_DEVIATIONS.map((deviation) => [deviation.emulator, deviation.name, deviation] as const))(
    'still holds for %s: %s',
    async (emulator, _name, deviation) => {
      const deviates = await deviation.probe(emulator)
      if (!deviates && deviation.isRace === true) {
        process.stderr.write(`${emulator} did not show ${deviation.name} in this run: its race was not met\n`)
        return
      }
      // When this fails, the emulator has learnt what AWS does: remove the entry, and the tests it skipped run again.
      expect(deviates).toBe(true)
    },
  )
})

describe('moto', () => {
  test.each([
    ignoresTheRequestToken,
    acceptsAnotherValueForOneToken,
    movesCurrentOnPending,
    forgetsThePreviousLabel,
    givesAwayANameInItsRecoveryWindow,
    readsWhileWaitingForDeletion,
    ignoresTheEncryptionContext,
    lacksGenerateMac,
    lacksReEncrypt,
  ])('is to be trusted where the suites do: not %p', async (probe) => {
    expect(await probe('moto')).toBe(false)
  })
})

describe('MiniStack', () => {
  test.each([
    appliesARepeatedTransactionTwice,
    failsOnComparingTextWithANumber,
    undoesTheWritesOfOthers,
    readsAnOldVersionByDefault,
    readsWhileWaitingForDeletion,
    ignoresTheEncryptionContext,
    lacksGenerateMac,
  ])('is to be trusted where the suites do: not %p', async (probe) => {
    expect(await probe('ministack')).toBe(false)
  })
})
