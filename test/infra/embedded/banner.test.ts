import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { banner } from '../../../infra/embedded/banner.ts'
import type { RunningServer } from '../../../infra/embedded/server.ts'
import { startRunningVault } from '../../support/running-vault.ts'

const at = (server: RunningServer, dataFolder: string): string =>
  banner({ ...server, settings: { ...server.settings, dataFolder } })

describe('banner', () => {
  it('shows commands that find the data folder from another terminal', async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-banner-'))
    const { server, stop } = await startRunningVault({ folder })
    expect(at(server, path.resolve('.flow-vault'))).toMatch(/TOKEN=\$\(npm run -s token\)\n/)
    expect(at(server, '/srv/vault')).toMatch(
      /afterwards: npm run -s open -- --data \/srv\/vault\)[\s\S]*TOKEN=\$\(npm run -s token -- --data \/srv\/vault\)\n/,
    )
    expect(at(server, "/srv/its own's")).toContain("token -- --data '/srv/its own'\\''s')")
    await stop()
    fs.rmSync(folder, { recursive: true })
  })
})
