import { awsAccess, sharedClient } from '../../functions/wire-aws-access.ts'

const made: object[] = []
class Client {
  constructor(settings: object) {
    made.push(settings)
  }

  send(call: string): string {
    return `${call} by ${made.length}`
  }
}
class OtherClient extends Client {}

describe('sharedClient', () => {
  const access = () => awsAccess({ AWS_REGION: 'eu-west-1' })
  beforeEach(() => {
    made.length = 0
  })

  it('is made at the first call, once for a function, with where AWS is and the settings', () => {
    const aws = access()
    const client = sharedClient(Client, aws, { maxAttempts: 3 })
    expect(made).toEqual([])
    expect(client.send('a call')).toBe('a call by 1')
    expect(sharedClient(Client, aws, { maxAttempts: 3 }).send('another')).toBe('another by 1')
    expect(made).toEqual([expect.objectContaining({ region: 'eu-west-1', maxAttempts: 3 })])
  })

  it('is another of another service, and in another function', () => {
    const aws = access()
    for (const client of [
      sharedClient(Client, aws, {}),
      sharedClient(OtherClient, aws, {}),
      sharedClient(Client, access(), {}),
    ])
      client.send('a call')
    expect(made).toHaveLength(3)
  })
})
