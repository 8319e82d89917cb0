import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { PROJECT_ROOT } from '../../support/source-files.ts'

function capacity(...args: string[]) {
  const command = path.join(PROJECT_ROOT, 'tools/capacity/capacity-command.ts')
  return spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', command, ...args], {
    encoding: 'utf8',
  })
}

describe('npm run capacity', () => {
  it('says what a size needs, costs, and breaks first', () => {
    const { status, stdout } = capacity('--connections', '1e6', '--life', '3600', '--tenants', '1e4')
    expect(status).toBe(0)
    expect(stdout).toMatch(/^1,000,000 connections of 10,000 tenants, tokens of 3600 s, 0 % idle/)
    expect(stdout).toMatch(/rotations a second +315\n/)
    expect(stdout).toMatch(/accounts by quota +2\n/)
    expect(stdout).toMatch(/together +\$4\d\d,\d{3} +\$2\d,\d{3}\n/)
    expect(stdout).toMatch(/What would break first: write units of the table, .+ What helps: /)
    expect(capacity('--connections', '1e7').stdout).toMatch(/What breaks first, and does at this size: .+/)
  })

  it.each([
    [['--connections', '0'], '--connections "0" is not valid. Allowed: a whole number from 1'],
    [['--connections', '1.5'], '--connections "1.5" is not valid'],
    [['--life', '60'], '--life "60" is not valid. Allowed: a whole number from 240'],
    [['--connections', '10', '--tenants', '11'], '--tenants "11" is not valid'],
    [['--idle', '1'], '--idle "1" is not valid. Allowed: a part from 0 below 1'],
    [['--secret-store', 'paper'], '--secret-store "paper" is not valid. Allowed: secrets-manager or sealed'],
    [['--size', '3'], "Unknown option '--size'"],
  ])('refuses %j with what is allowed', (args, message) => {
    const { status, stdout, stderr } = capacity(...args)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr).toContain('Usage:')
  })
})
