import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { calculateJwkThumbprint, importJWK, jwtVerify, SignJWT } from 'jose'
import { loadIssuerKeys } from '../../../../infra/embedded/issuer/issuer-keys.ts'

describe('loadIssuerKeys', () => {
  let folder: string
  let file: string

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-keys-'))
    file = path.join(folder, 'issuer-key.json')
  })

  afterEach(() => {
    fs.rmSync(folder, { recursive: true })
  })

  it('makes a key that only the owner can read, and publishes nothing private of it', async () => {
    const keys = await loadIssuerKeys(file)
    expect(fs.statSync(file).mode & 0o777).toBe(0o600)
    expect(keys.publicJwk).toEqual({
      kty: 'RSA',
      alg: 'RS256',
      use: 'sig',
      kid: keys.kid,
      n: expect.stringMatching(/^[\w-]{342}$/),
      e: 'AQAB',
    })
    expect(keys.kid).toBe(await calculateJwkThumbprint(keys.publicJwk))
  })

  it('keeps it: what one start signed, the next can verify', async () => {
    const first = await loadIssuerKeys(file)
    const token = await new SignJWT({ a: 1 }).setProtectedHeader({ alg: 'RS256' }).sign(first.privateKey)
    const second = await loadIssuerKeys(file)
    expect(second.publicJwk).toEqual(first.publicJwk)
    const { payload } = await jwtVerify(token, await importJWK(second.publicJwk, 'RS256'))
    expect(payload).toEqual({ a: 1 })
  })

  it('makes another one for another vault', async () => {
    const first = await loadIssuerKeys(file)
    const other = await loadIssuerKeys(path.join(folder, 'other.json'))
    expect(other.kid).not.toBe(first.kid)
  })
})
