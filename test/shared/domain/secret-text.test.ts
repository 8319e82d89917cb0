import { inspect } from 'node:util'
import { SecretText } from '../../../shared/domain/secret-text.ts'

describe('SecretText', () => {
  const secret = new SecretText('canary-é')

  it('shows nothing of its text, however it is printed', () => {
    const printed = [
      `${secret}`,
      String(secret),
      `${secret as unknown as string}!`,
      secret.toString(),
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ deep: [secret] }, { showHidden: true }),
      [secret].join(),
      Object.keys(secret).join(),
    ]
    for (const text of printed) expect(text).not.toContain('canary')
    expect(printed.slice(0, 6).join(' ')).toBe(
      '[redacted] [redacted] [redacted]! [redacted] {"secret":"[redacted]"} [redacted]',
    )
  })

  it('gives its text to who asks for it, and its length in bytes to all', () => {
    expect(secret.reveal()).toBe('canary-é')
    expect(secret.byteLength).toBe(9)
  })

  it('says whether another is the same', () => {
    expect(secret.isSame(new SecretText('canary-é'))).toBe(true)
    expect(secret.isSame(new SecretText('canary-e'))).toBe(false)
  })
})
