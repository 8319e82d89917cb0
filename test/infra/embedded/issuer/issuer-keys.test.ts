import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { calculateJwkThumbprint, importJWK, jwtVerify, SignJWT } from 'jose'
import {
  IssuerKeyFile,
  type IssuerKeys,
  rotateIssuerKey,
} from '../../../../infra/embedded/issuer/issuer-keys.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

describe('IssuerKeyFile', () => {
  let folder: string
  let file: string
  const clock = new ManualClock()
  const load = async (at = file): Promise<IssuerKeys> => (await IssuerKeyFile.open(at, clock)).current()

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-keys-'))
    file = path.join(folder, 'issuer-key.json')
  })

  afterEach(() => {
    fs.rmSync(folder, { recursive: true })
  })

  it('makes a key that only the owner can read, and publishes nothing private of it', async () => {
    const keys = await load()
    expect(fs.statSync(file).mode & 0o777).toBe(0o600)
    expect(keys.publicJwks).toEqual([
      {
        kty: 'RSA',
        alg: 'RS256',
        use: 'sig',
        kid: keys.kid,
        n: expect.stringMatching(/^[\w-]{342}$/),
        e: 'AQAB',
      },
    ])
    expect(keys.kid).toBe(await calculateJwkThumbprint(keys.publicJwks[0]!))
  })

  it('keeps it: what one start signed, the next can verify', async () => {
    const first = await load()
    const token = await new SignJWT({ a: 1 }).setProtectedHeader({ alg: 'RS256' }).sign(first.privateKey)
    const second = await load()
    expect(second.publicJwks).toEqual(first.publicJwks)
    const { payload } = await jwtVerify(token, await importJWK(second.publicJwks[0]!, 'RS256'))
    expect(payload).toEqual({ a: 1 })
  })

  it('takes up a new key within a second, and verifies with the old one for as long as that is kept', async () => {
    const keys = await IssuerKeyFile.open(file, clock)
    const first = await keys.current()
    await rotateIssuerKey(file, clock.nowMs() + 3_600_000)
    expect(await keys.current()).toBe(first)
    await clock.advance(1000)
    const second = await keys.current()
    expect(second.kid).not.toBe(first.kid)
    expect(second.publicJwks.map(({ kid }) => kid)).toEqual([second.kid, first.kid])
    expect(await keys.current()).toBe(second)
    await clock.advance(3_600_000)
    expect((await load()).publicJwks.map(({ kid }) => kid)).toEqual([second.kid])
  })

  it('lets go of the old key at once when it is not to be kept', async () => {
    const first = await load()
    await rotateIssuerKey(file, undefined)
    const second = await load()
    expect(second.publicJwks.map(({ kid }) => kid)).toEqual([second.kid])
    expect(second.kid).not.toBe(first.kid)
  })

  it('makes another one for another vault', async () => {
    const first = await load()
    const other = await load(path.join(folder, 'other.json'))
    expect(other.kid).not.toBe(first.kid)
  })
})
