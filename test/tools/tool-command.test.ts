import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { PROJECT_ROOT } from '../support/source-files.ts'

const STAGE = path.join(PROJECT_ROOT, 'tools/aws/stage-command.ts')
const run = (env: Readonly<Record<string, string>>) =>
  spawnSync(process.execPath, [STAGE, 'source-is-gone', '--stage', 'prod'], {
    env: { AWS_EC2_METADATA_DISABLED: 'true', HOME: '/nowhere', ...env },
    encoding: 'utf8',
  })

describe('a tool without what the AWS SDK needs', () => {
  it.each([
    ['no Region', {}, 'No Region is set: export AWS_REGION.'],
    ['no credentials', { AWS_REGION: 'eu-west-1' }, 'No credentials of AWS were found: sign in, '],
  ])('says what is to be set: %s', (_name, env, sentence) => {
    const { status, stderr } = run(env)
    expect([status, stderr]).toEqual([1, expect.stringContaining(sentence)])
  })
})
