import { awsAccess, sharedClient } from '../../functions/wire-aws-access.ts'

class Client {
  readonly settings: object
  constructor(settings: object) {
    this.settings = settings
  }
}
class OtherClient extends Client {}

describe('sharedClient', () => {
  const access = () => awsAccess({ AWS_REGION: 'eu-west-1' })

  it('makes one client of a service for a function, with where AWS is and the settings', () => {
    const aws = access()
    const client = sharedClient(Client, aws, { maxAttempts: 3 })
    expect(client.settings).toMatchObject({ region: 'eu-west-1', maxAttempts: 3 })
    expect(sharedClient(Client, aws, { maxAttempts: 3 })).toBe(client)
  })

  it('keeps services apart, and functions', () => {
    const aws = access()
    expect(sharedClient(OtherClient, aws, {})).not.toBe(sharedClient(Client, aws, {}))
    expect(sharedClient(Client, access(), {})).not.toBe(sharedClient(Client, aws, {}))
  })
})
