import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { PROJECT_ROOT } from '../support/source-files.ts'

const COMPILER = path.join(PROJECT_ROOT, 'node_modules/typescript/bin/tsc')
const PROJECT = path.join(PROJECT_ROOT, 'shared/flow-client')

describe('the types of the client', () => {
  it('are written each time, also where nothing changed since the build before', () => {
    const target = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-types-'))
    const build = () => {
      fs.rmSync(target, { recursive: true })
      execFileSync(process.execPath, [COMPILER, '-p', PROJECT, '--outDir', target])
      return fs.readdirSync(target)
    }
    expect(build()).toContain('client.d.ts')
    expect(build()).toContain('client.d.ts')
    fs.rmSync(target, { recursive: true })
  }, 60_000)
})
