import { alarmsSuite } from './alarms-suite.ts'
import { deployedStage } from './deployed-stage.ts'
import { logBytesSuite } from './log-bytes-suite.ts'
import { pageSuite } from './page-suite.ts'
import { runbookSuite } from './runbook-suite.ts'

const PAGE = { clientId: 'vault-page' }

deployedStage('sealed', { stacks: ['Alarms', 'Web'], members: { web: PAGE } }, (place, isUpgraded) => {
  alarmsSuite(place)
  // Later it logs warnings alone.
  if (!isUpgraded) logBytesSuite(place)
  pageSuite(place, PAGE.clientId)
  runbookSuite(place)
})
