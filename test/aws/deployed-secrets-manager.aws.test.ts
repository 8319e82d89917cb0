import { deployedStage } from './deployed-stage.ts'
import { edgeSuite } from './edge-suite.ts'

const certificateArn = 'arn:aws:acm:us-east-1:000000000000:certificate/11111111-2222-3333-4444-555555555555'
const members = {
  domain: { name: 'vault.example.com', certificateArn },
  edge: { name: 'flows.example.com', certificateArn },
}

deployedStage(
  'secrets-manager',
  { stacks: ['Edge'], members, host: members.domain.name, publicUrl: `https://${members.edge.name}` },
  edgeSuite,
)
