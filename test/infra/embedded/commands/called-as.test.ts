import path from 'node:path'
import { calledAs, usageOf } from '../../../../infra/embedded/commands/called-as.ts'

const PACKAGED = { isPackage: true } as const

describe('calledAs', () => {
  it('names the npm script of a checkout', () => {
    expect(calledAs('start')).toBe('npm start')
    expect(calledAs('client', { words: 'list' })).toBe('npm run -s client -- list')
    expect(calledAs('token', { folder: path.resolve('.flow-vault') })).toBe('npm run -s token')
  })

  it('names the bin of a package, where there are no scripts', () => {
    expect(calledAs('start', PACKAGED)).toBe('flow-vault start')
    expect(calledAs('client', { words: 'list', ...PACKAGED })).toBe('flow-vault clients list')
    expect(calledAs('token', PACKAGED)).toBe('flow-vault token')
  })

  it('says which data folder is meant, quoted for a shell, in words that the command takes', () => {
    expect(calledAs('restore', { words: '--source-is-gone', folder: '/srv/vault' })).toBe(
      'npm run -s restore -- --source-is-gone --data /srv/vault',
    )
    expect(calledAs('start', { folder: "/srv/its own's" })).toBe(
      "FLOW_VAULT_DATA='/srv/its own'\\''s' npm start",
    )
    expect(calledAs('token', { folder: '/data/vault', ...PACKAGED })).toBe(
      'FLOW_VAULT_DATA=/data/vault flow-vault token',
    )
  })
})

describe('usageOf', () => {
  it('sets what each use does in one column', () => {
    expect(
      usageOf('open', [
        ['', 'for you'],
        ['--as NAME', 'for somebody else'],
      ]),
    ).toBe(
      'Usage:\n  npm run -s open                for you\n  npm run -s open -- --as NAME   for somebody else',
    )
  })
})
