import { InvariantError } from '../../../../shared/domain/errors.ts'
import { SecretText } from '../../../../shared/domain/secret-text.ts'
import { parseContent } from '../../../../shared/use-cases/commit/opened-secrets.ts'

describe('parseContent', () => {
  test('gives back what was stored', () => {
    const content = { setup: { type: 'BEARER', token: 't' }, grants: { main: { access_token: 'a' } } }
    expect(parseContent(new SecretText(JSON.stringify(content)))).toEqual(content)
  })

  test.each(['canary', '{"setup":{"token":"canary"', '', '"canary\n"'])(
    'refuses what is no JSON without quoting it: %j',
    (text) => {
      let thrown: unknown
      try {
        parseContent(new SecretText(text))
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
