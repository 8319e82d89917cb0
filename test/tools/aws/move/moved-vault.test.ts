import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { acquireDataFolderLock } from '../../../../infra/embedded/data-folder.ts'
import { openSource, openTarget } from '../../../../tools/aws/move/moved-vault.ts'
import { newDataFolder } from '../../../support/running-vault.ts'
import { fillVaultFolder } from '../../../support/vault-folder.ts'

let folder: string
beforeEach(async () => {
  folder = await newDataFolder()
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('openSource', () => {
  it('holds the folder while it is open, so that no server starts over it', async () => {
    await fillVaultFolder(folder, 1)
    const source = await openSource(folder)
    expect(source).toMatchObject({ name: `the folder ${folder}`, isAlone: true })
    await expect(openSource(folder)).rejects.toThrow(/is in use by .*Nothing was changed/)
    await source.close()
    acquireDataFolderLock(folder).release()
  })

  it('leaves a folder alone whose server runs', async () => {
    await fillVaultFolder(folder, 1)
    const lock = acquireDataFolderLock(folder)
    await expect(openSource(folder)).rejects.toMatchObject({ name: 'ToolError' })
    lock.release()
    await (await openSource(folder)).close()
  })

  it.each(['', 'not_a_stage', 'UPPER', '../elsewhere'])(
    'says of %j in a folder that it is neither',
    async (name) => {
      await mkdir(path.join(folder, 'empty'))
      const from = path.join(folder, 'empty', name)
      await expect(openSource(from)).rejects.toMatchObject({
        name: 'UsageError',
        message: expect.stringContaining('is neither a data folder'),
      })
    },
  )
})

describe('openTarget', () => {
  it.each(['Prod', 'a_b', '1st', './prod', 'a'.repeat(25)])(
    'refuses %j, which no stage is called',
    async (to) => {
      await expect(openTarget(to)).rejects.toMatchObject({
        name: 'UsageError',
        message: expect.stringContaining('Allowed: a letter'),
      })
    },
  )
})
