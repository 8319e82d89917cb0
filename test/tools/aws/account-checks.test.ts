import { LambdaClient } from '@aws-sdk/client-lambda'
import { lookedAt, runtimeFinding } from '../../../tools/aws/account-checks.ts'
import { startLocalServer } from '../../support/local-server.ts'

/** What is found where Lambda answers like that. */
async function find(status: number, body: object, errorType?: string) {
  const asked: string[] = []
  const lambda = await startLocalServer((request, response) => {
    asked.push(request.url ?? '')
    response.writeHead(status, errorType === undefined ? {} : { 'x-amzn-errortype': errorType })
    response.end(JSON.stringify(body))
  })
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
  const client = new LambdaClient({ region: 'eu-west-1', endpoint: lambda.url, credentials, maxAttempts: 1 })
  const finding = await lookedAt(() => runtimeFinding(client, 'eu-west-1'))
  await lambda.close()
  return { ...finding, asked }
}

describe('runtimeFinding', () => {
  it('asks Lambda itself, by the runtime and the architecture that the functions have', async () => {
    const { outcome, asked } = await find(200, { Layers: [] })
    expect(outcome).toBe('ok')
    expect(asked).toHaveLength(1)
    expect(asked[0]).toContain('CompatibleRuntime=nodejs24.x')
    expect(asked[0]).toContain('CompatibleArchitecture=arm64')
  })

  it.each(['InvalidParameterValueException', 'ValidationException'])(
    'fails where it does not know them: %s',
    async (name) => {
      const found = await find(400, { message: 'no such value' }, name)
      expect(found.outcome).toBe('failed')
      expect(found.words).toContain('eu-west-1')
    },
  )

  it('is unknown where nobody may ask', async () => {
    expect((await find(403, { message: 'no' }, 'AccessDeniedException')).outcome).toBe('unknown')
  })
})
