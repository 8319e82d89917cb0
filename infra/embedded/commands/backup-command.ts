import { backUp } from '../copies/back-up.ts'
import { runCommand } from './command.ts'

/*
 * `npm run -s backup -- FILE`
 */

const say = (text: string): void => void process.stderr.write(text)
await runCommand(
  () => backUp(process.argv.slice(2), { env: process.env, terminal: process.stdin, say }),
  'back-up',
)
