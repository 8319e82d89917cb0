import { buffer } from 'node:stream/consumers'
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { awsAccess, SERVICE_CLIENT_SETTINGS, sharedClient } from '../../functions/wire-aws-access.ts'
import { startLocalServer } from '../support/local-server.ts'

const TRACE = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1'
const LAMBDA = { AWS_LAMBDA_FUNCTION_NAME: 'flow-vault-test-api', _X_AMZN_TRACE_ID: TRACE }

/*
 * Functions carry no tracing library: Lambda begins a segment for each invocation, and the SDK hands its header on with
 * every call. Lambda and SQS take it from there (X-Ray guide, "Tracing header"; SQS guide, AWSTraceHeader).
 */
describe('the trace of a request', () => {
  it('goes on to the function that is called, to the queues and to the bus', async () => {
    const traces: (string | undefined)[] = []
    const aws = await startLocalServer(async (request, response) => {
      await buffer(request)
      traces.push(request.headers['x-amzn-trace-id']?.toString())
      response.end('{}')
    })
    Object.assign(process.env, LAMBDA)
    try {
      const access = {
        ...awsAccess({ AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }),
      }
      const settings = { ...SERVICE_CLIENT_SETTINGS, endpoint: aws.url, maxAttempts: 1 }
      await sharedClient(LambdaClient, access, settings).send(new InvokeCommand({ FunctionName: 'grants' }))
      const message = { QueueUrl: `${aws.url}/1/queue`, MessageBody: 'x' }
      await sharedClient(SQSClient, access, { ...settings, md5: false as const }).send(
        new SendMessageCommand(message),
      )
      await sharedClient(EventBridgeClient, access, settings).send(new PutEventsCommand({ Entries: [] }))
      expect(traces).toEqual([TRACE, TRACE, TRACE])
    } finally {
      for (const name of Object.keys(LAMBDA)) delete process.env[name]
      await aws.close()
    }
  })
})
