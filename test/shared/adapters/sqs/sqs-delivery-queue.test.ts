import { SQSClient } from '@aws-sdk/client-sqs'
import { SqsDeliveryQueue } from '../../../../shared/adapters/sqs/sqs-delivery-queue.ts'

describe('SqsDeliveryQueue', () => {
  it('refuses what is to be sent where the deployment has no queue for it, and asks nobody', async () => {
    const client = new SQSClient({ region: 'us-east-1', endpoint: 'http://127.0.0.1:1' })
    const queue = new SqsDeliveryQueue({ client, queueUrl: undefined, newId: () => 'unused' })
    await expect(queue.enqueue([])).rejects.toMatchObject({
      code: 'conflict',
      message: 'This deployment of the vault sends nothing to subscriptions.',
    })
  })
})
