import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { JWK } from 'jose'
import type { RunningVault } from './running-vault.ts'

type Json = Readonly<Record<string, unknown>>

/** A forger who holds the vault's own signing key, so that each token is wrong in one way only. */
export interface TokenForge {
  readonly issuerKey: KeyObject
  readonly publicJwk: JWK
  readonly kid: string
  /** The claims of a good token, a minute old and good for an hour, with every scope. */
  claims(changes?: Json): Json
  /** Signs RS256 by the vault's key; `header` and `claims` replace what a good token has (undefined removes). */
  token(changes?: { header?: Json; claims?: Json; key?: KeyObject }): string
}

/** Opens the forge of a running vault, with its issuer's private key from the data folder. */
export async function openForge(
  vault: RunningVault,
  good: { tenant: string; scope: string },
): Promise<TokenForge> {
  const jwk = JSON.parse(readFileSync(path.join(vault.folder, 'issuer-key.json'), 'utf8'))
  const issuerKey = createPrivateKey({ key: jwk, format: 'jwk' })
  const { keys } = (await (await fetch(`${vault.url}/.well-known/jwks.json`)).json()) as { keys: JWK[] }
  const publicJwk = keys[0]!
  const { clientId } = vault.client({ tenant: good.tenant })
  const nowS = Math.floor(Date.now() / 1000)
  const claims = (changes: Json = {}): Json => ({
    iss: `${vault.url}/`,
    aud: `${vault.url}/api/v2/`,
    sub: `${clientId}@clients`,
    azp: clientId,
    iat: nowS - 60,
    exp: nowS + 3600,
    ...good,
    ...changes,
  })
  return {
    issuerKey,
    publicJwk,
    kid: publicJwk.kid!,
    claims,
    token: ({ header, claims: changes, key = issuerKey } = {}) =>
      signed({ alg: 'RS256', typ: 'JWT', kid: publicJwk.kid, ...header }, claims(changes), (input) =>
        sign('sha256', input, key),
      ),
  }
}

/** A compact JWS of any header and payload, signed in any way. */
export function signed(header: Json, payload: unknown, by: (input: Buffer) => Buffer): string {
  const input = `${part(header)}.${part(payload)}`
  return `${input}.${by(Buffer.from(input)).toString('base64url')}`
}

/** The HS256 signature under `secret`, such as a public key taken for one. */
export function hmac(secret: string | Buffer): (input: Buffer) => Buffer {
  return (input) => createHmac('sha256', secret).update(input).digest()
}

/** A key pair nobody but the forger knows. */
export function strangeKey(): { privateKey: KeyObject; publicKey: KeyObject } {
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
}

function part(value: unknown): string {
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')
}
