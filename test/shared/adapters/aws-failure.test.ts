import { execFile } from 'node:child_process'
import { inspect, promisify } from 'node:util'
import { awsFailure, describeAwsFailure } from '../../../shared/adapters/aws-failure.ts'

const run = promisify(execFile)

describe('awsFailure', () => {
  it.each([
    ['a refusal of the only attempt', serviceError('ThrottlingException', 400, 1), 'not-applied'],
    ['a refusal after other attempts', serviceError('ThrottlingException', 400, 3), 'unknown'],
    ['a server error', serviceError('InternalServiceError', 500, 1), 'unknown'],
    [
      'a timeout',
      Object.assign(new Error('x'), { name: 'TimeoutError', $metadata: { attempts: 1 } }),
      'unknown',
    ],
    ['a reset', Object.assign(new Error('x'), { code: 'ECONNRESET', $metadata: { attempts: 1 } }), 'unknown'],
    ['a refused connection', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }), 'not-applied'],
    [
      'a refused connection after other attempts',
      Object.assign(new Error('x'), { code: 'ECONNREFUSED', $metadata: { attempts: 2 } }),
      'unknown',
    ],
    ['a name that does not resolve', Object.assign(new Error('x'), { code: 'ENOTFOUND' }), 'not-applied'],
    ['no credentials', Object.assign(new Error('x'), { name: 'CredentialsProviderError' }), 'not-applied'],
    ['something that is no error', 'boom', 'unknown'],
    ['nothing', undefined, 'unknown'],
  ])('says of %s what may have been applied', (_, error, outcome) => {
    expect(awsFailure(error).outcome).toBe(outcome)
  })

  it('keeps names and numbers and nothing else', () => {
    const error = Object.assign(serviceError('ThrottlingException', 400, 1), {
      message: 'canary',
      $response: { body: 'canary' },
    })
    expect(inspect(awsFailure(error))).not.toContain('canary')
    expect(awsFailure(error)).toMatchObject({
      name: 'ThrottlingException',
      httpStatus: 400,
      requestId: 'abc-1',
    })
  })

  it.each([
    ['text', Object.assign(new Error('x'), { name: 'not a name: canary' })],
    ['a line end', Object.assign(new Error('x'), { name: 'Name\ncanary' })],
  ])('does not repeat a name that is %s', (_, error) => {
    expect(awsFailure(error).name).toBe('UnknownError')
  })

  it('names a bare socket error by its code', () => {
    expect(awsFailure(Object.assign(new Error('x'), { code: 'ECONNRESET' })).name).toBe('ECONNRESET')
  })
})

describe('awsFailure of a real client', () => {
  // In a process of its own: jest runs tests in another realm, whose `Error` the SDK does not know a socket's by.
  it.each([
    ['nobody listens', 'http://127.0.0.1:1', { name: 'ECONNREFUSED', outcome: 'not-applied' }],
    ['the host has no address', 'http://nowhere.invalid', { name: 'ENOTFOUND', outcome: 'not-applied' }],
  ])('knows that nothing was sent when %s', async (_, endpoint, expected) => {
    const script = `
      import { KMSClient, ListKeysCommand } from '@aws-sdk/client-kms'
      import { awsFailure } from './shared/adapters/aws-failure.ts'
      const credentials = { accessKeyId: 'test', secretAccessKey: 'test' }
      const client = new KMSClient({ endpoint: '${endpoint}', region: 'us-east-1', credentials, maxAttempts: 1 })
      await client.send(new ListKeysCommand({})).catch((error) => console.log(JSON.stringify(awsFailure(error))))
    `
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script])
    expect(JSON.parse(stdout)).toMatchObject(expected)
  })
})

describe('describeAwsFailure', () => {
  it('is one line of what is known', () => {
    const known = awsFailure(serviceError('ThrottlingException', 400, 1))
    expect(describeAwsFailure('KMS Decrypt', known)).toBe(
      'KMS Decrypt failed: ThrottlingException (HTTP 400, request abc-1)',
    )
    const unknown = awsFailure(Object.assign(new Error('x'), { name: 'TimeoutError' }))
    expect(describeAwsFailure('KMS Decrypt', unknown)).toBe('KMS Decrypt failed: TimeoutError')
  })
})

function serviceError(name: string, httpStatusCode: number, attempts: number): Error {
  return Object.assign(new Error('x'), { name, $metadata: { httpStatusCode, attempts, requestId: 'abc-1' } })
}
