import { InvariantError } from '../../../../shared/domain/errors.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { parseSetup } from '../../../../shared/use-cases/memory/opened-secrets.ts'

describe('parseSetup', () => {
  test('gives back the setup that was stored', () => {
    const content = { setup: { type: 'BEARER', token: 't' }, grants: { main: { access_token: 'a' } } }
    expect(parseSetup(new SecretText(JSON.stringify(content)))).toEqual(content.setup)
  })

  test.each(['canary', '{"setup":{"token":"canary"', '', '"canary\n"'])(
    'refuses what is no JSON without quoting it: %j',
    (text) => {
      let thrown: unknown
      try {
        parseSetup(new SecretText(text))
      } catch (error) {
        thrown = error
      }
      expect(thrown).toBeInstanceOf(InvariantError)
      expect(String((thrown as Error).stack)).not.toContain('"canary')
      expect((thrown as Error).message).not.toContain('canary')
      expect((thrown as Error).cause).toBeUndefined()
    },
  )
})
