import type { ConnectionRow } from '../../../shared/domain/connection.ts'
import { checkIfMatch, tagMatches } from '../../../shared/domain/preconditions.ts'

const ROW = { version: 3 } as ConnectionRow

describe('checkIfMatch', () => {
  it.each(['"v3"', '*', ' * ', ' "v1", "v3" '])('lets %s pass for version 3', (header) => {
    expect(() => checkIfMatch(ROW, header)).not.toThrow()
  })

  it.each(['"v2"', 'W/"v3"', 'v3', '"v3', '"v1", "v2"'])('refuses %s and tells the current tag', (header) => {
    expect(() => checkIfMatch(ROW, header)).toThrow(
      expect.objectContaining({
        code: 'precondition-failed',
        detail: expect.objectContaining({ headers: { etag: '"v3"' } }),
      }),
    )
  })

  it('asks nothing of a request without the header', () => {
    expect(() => checkIfMatch(ROW, undefined)).not.toThrow()
  })
})

describe('tagMatches', () => {
  it.each(['"c1.2"', 'W/"c1.2"', '*', '"c1.1", W/"c1.2"'])('takes %s for the tag, weak or not', (header) => {
    expect(tagMatches(header, '"c1.2"')).toBe(true)
  })

  it.each(['"c1.1"', 'c1.2', ''])('does not take %j for it', (header) => {
    expect(tagMatches(header, '"c1.2"')).toBe(false)
  })
})
