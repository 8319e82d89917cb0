import { CONNECTORS } from '../../../shared/connectors/catalogue.ts'
import { validateSetup } from '../../../shared/connectors/setup-schema.ts'
import { errorsOf, VaultError } from '../../../shared/domain/errors.ts'
import { inWords } from '../../../web/parts/in-words.ts'

/** Nothing that a field with a format takes. */
const WRONG = 'a b\u0000"\n{'

/** What the vault says of a setup in which every field is wrong. */
function refusals(): string[] {
  return CONNECTORS.flatMap((connector) =>
    connector.setups.flatMap((setup) => {
      const values = Object.fromEntries(setup.fields.map(({ name }) => [name, WRONG]))
      try {
        validateSetup(connector, { ...values, type: setup.type }, () => {})
        return []
      } catch (error) {
        if (!(error instanceof VaultError)) throw error
        return errorsOf(error).map(inWords)
      }
    }),
  )
}

describe('inWords', () => {
  it('names no format and no pattern, whatever is wrong with a setup', () => {
    const told = refusals()
    expect(told.length).toBeGreaterThan(100)
    expect(told.filter((text) => /validation for format|match pattern/.test(text))).toEqual([])
  })

  it.each([
    [{ message: 'Missing required property: token' }, 'This is needed.'],
    [{ message: 'String is too short (0 chars), minimum 1' }, 'This is needed.'],
    [{ message: 'String is too short (3 chars), minimum 8' }, 'String is too short (3 chars), minimum 8'],
    [{ message: "Object didn't pass validation for format email" }, 'An e-mail address.'],
    [{ message: "Object didn't pass validation for format text", allowed: 'a text' }, 'Allowed: a text.'],
    [{ message: 'String is too long (9 chars), maximum 8' }, 'String is too long (9 chars), maximum 8'],
    [{ message: 'No enum match for: x', allowed: 'a, b' }, 'No enum match for: x. Allowed: a, b.'],
  ])('makes %j a sentence for people', (error, words) =>
    expect(inWords({ path: 'setup.field', ...error })).toBe(words),
  )
})
