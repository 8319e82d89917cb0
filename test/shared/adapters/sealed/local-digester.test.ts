import { createSecretKey } from 'node:crypto'
import { LocalDigester } from '../../../../shared/adapters/sealed/local-digester.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { digesterContract } from '../../../contract/digester.ts'

const digester = new LocalDigester(createSecretKey(Buffer.alloc(32, 1)))

digesterContract('LocalDigester', async () => ({
  digester,
  other: new LocalDigester(createSecretKey(Buffer.alloc(32, 2))),
}))

describe('LocalDigester', () => {
  it('keeps giving the digests that databases already hold', async () => {
    // Computed apart from this code: HMAC-SHA-256 over 00000005 "setup" 00000004 "text" by 32 bytes of 01.
    const expected = 'bb75c28311011335ca0667c1c37cea5fd8d3b4095e601f8d9e1220bc0523723b'
    expect(await digester.digest('setup', new SecretText('text'))).toBe(expected)
  })
})
