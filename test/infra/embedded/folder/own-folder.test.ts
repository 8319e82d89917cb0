import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { DataFolderError } from '../../../../infra/embedded/data-folder.ts'
import { requireOwnFolder } from '../../../../infra/embedded/folder/own-folder.ts'

let folder: string

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-own-'))
  fs.mkdirSync(path.join(folder, 'tls'), { mode: 0o700 })
  for (const name of ['vault-key.json', 'clients.json', 'tls/server-key.pem']) put(name, 0o600)
  for (const name of ['ca.pem', 'tls/server.pem']) put(name, 0o644)
})

afterEach(() => fs.rmSync(folder, { recursive: true }))

function put(name: string, mode: number): void {
  fs.writeFileSync(path.join(folder, name), 'x')
  fs.chmodSync(path.join(folder, name), mode)
}

const check = () => requireOwnFolder(folder)

describe('requireOwnFolder', () => {
  it('takes a folder as the vault makes it, one that others may look into, and one that is still to be made', () => {
    check()
    fs.chmodSync(folder, 0o755)
    check()
    requireOwnFolder(path.join(folder, 'new'))
  })

  it.each([
    ['.', 0o770, 'chmod 700'],
    ['.', 0o1777, 'chmod 700'],
    ['tls', 0o720, 'chmod 700'],
    ['vault-key.json', 0o640, 'chmod 600'],
    ['clients.json', 0o666, 'chmod 600'],
    ['tls/server-key.pem', 0o604, 'chmod 600'],
    ['ca.pem', 0o664, 'chmod 600'],
  ])('refuses %s of mode %o and says what to do', (name, mode, advice) => {
    fs.chmodSync(path.join(folder, name), mode)
    expect(check).toThrow(DataFolderError)
    expect(check).toThrow(`${advice} ${path.join(folder, name)}`)
  })

  it('refuses a link in the place of a file, wherever it leads', () => {
    fs.renameSync(path.join(folder, 'clients.json'), path.join(folder, 'elsewhere.json'))
    fs.symlinkSync('elsewhere.json', path.join(folder, 'clients.json'))
    expect(check).toThrow('clients.json cannot be trusted: it is no regular file')
  })

  it.each(['.', 'tls', 'vault-key.json', 'clients.json'])("refuses another user's %s", (name) => {
    const owner = process.geteuid
    process.geteuid = () => fs.statSync(path.join(folder, name)).uid + 1
    try {
      expect(check).toThrow(/cannot be trusted: it belongs to user \d+\. To go on, run chown/)
    } finally {
      process.geteuid = owner
    }
  })
})
