import os from 'node:os'
import { requireLocalDisk } from '../../../../infra/embedded/folder/file-system.ts'

describe('requireLocalDisk', () => {
  it.each([
    ['NFS', 0x6969],
    ['SMB', 0x517b],
    ['CIFS', 0xff534d42],
    ['SMB2', 0xfe534d42],
    ['Ceph', 0x00c36400],
    ['Lustre', 0x0bd00bd0],
  ])('refuses %s, with what to do', (name, type) => {
    const open = () => requireLocalDisk('/srv/vault', () => type)
    expect(open).toThrow(`The data folder /srv/vault is on a network file system (${name})`)
    expect(open).toThrow('name a folder on a disk of this machine in FLOW_VAULT_DATA')
  })

  it.each([
    ['ext4', 0xef53, undefined],
    ['XFS', 0x58465342, undefined],
    ['tmpfs', 0x01021994, undefined],
    ['overlayfs', 0x794c7630, undefined],
    ['FUSE', 0x65735546, 'FUSE'],
    ['9P', 0x01021997, '9P'],
    ['what another system tells', undefined, undefined],
  ])('takes %s, and names what may be one', (_, type, named) => {
    expect(requireLocalDisk('/srv/vault', () => type)).toBe(named)
  })

  it('takes the disk of this machine', () => {
    expect(() => requireLocalDisk(os.tmpdir())).not.toThrow()
  })
})
