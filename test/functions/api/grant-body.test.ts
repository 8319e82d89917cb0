import { grantBodySchema } from '../../../functions/api/grant-body.ts'

describe('the body of a grant that is brought along', () => {
  it.each(['null', 'NULL', 'None', 'undefined', '0'])('is refused with the word %s for a token', (word) => {
    for (const field of ['refresh_token', 'access_token']) {
      const read = grantBodySchema.safeParse({ refresh_token: 'brought-000', [field]: word })
      expect(read.error?.issues).toMatchObject([{ path: [field], message: 'The token is a word for none' }])
    }
  })

  it.each(['nullable', 'none-of-yours', '01'])('takes %s, which only looks like one', (token) => {
    expect(grantBodySchema.safeParse({ refresh_token: token }).success).toBe(true)
  })
})
