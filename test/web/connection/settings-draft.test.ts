import type { Connection } from '../../../web/api/types.ts'
import { changeOf, enteredMark, lastDayOf } from '../../../web/connection/settings-draft.ts'

const SEEN = {
  id: 'ac_1',
  version: 3,
  name: 'key',
  setup_type: 'API_KEY',
  settings: { name: 'X-Api-Key' },
  secrets: [{ name: 'value', set_at: '2026-11-03T10:00:00.000Z' }],
  credential_expires_at: null,
} as unknown as Connection
const ending = { ...SEEN, credential_expires_at: new Date('2099-05-01T23:59:59.999').toISOString() }

describe('changeOf', () => {
  test('names what was changed and nothing else', () => {
    expect(changeOf(SEEN, { values: {}, lastDay: '' })).toBeUndefined()
    expect(changeOf(ending, { values: {}, lastDay: '2099-05-01' })).toBeUndefined()
    expect(changeOf(ending, { values: { name: 'X' }, lastDay: '2099-05-01' })).toEqual({
      setup_changes: { name: 'X' },
    })
  })

  test('says an end, moves it, takes it away, and leaves one that nobody was asked for', () => {
    const end = (seen: Connection, lastDay: string | undefined) => changeOf(seen, { values: {}, lastDay })
    expect(end(SEEN, '2099-05-01')).toEqual({ credential_expires_at: ending.credential_expires_at })
    expect(end(ending, '')).toEqual({ credential_expires_at: null })
    expect(end(ending, undefined)).toBeUndefined()
  })
})

describe('lastDayOf', () => {
  test('is the day where the person is, or empty', () => {
    expect([lastDayOf(SEEN), lastDayOf(ending)]).toEqual(['', '2099-05-01'])
  })
})

describe('enteredMark', () => {
  test('stays while it is renewed or renamed, and differs when anything was entered', () => {
    const mark = enteredMark(SEEN)
    expect(enteredMark({ ...SEEN, version: 9, name: 'renamed', updated_at: 'later' })).toBe(mark)
    const others = [
      ending,
      { ...SEEN, settings: { name: 'X' } },
      { ...SEEN, secrets: [{ name: 'value', set_at: '2026-11-04T10:00:00.000Z' }] },
      { ...SEEN, setup_type: 'BEARER' },
      { ...SEEN, oauth_app_id: 'oa_1' },
    ] as Connection[]
    for (const other of others) expect(enteredMark(other)).not.toBe(mark)
  })
})
