import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import { parseJsonFile, readFileIfPresent, writeFileAtomically } from '../data-folder.ts'

/** What Auth0 signs with, so that every client's JWT library knows it (RFC 7518 §3.3). */
export const SIGNING_ALGORITHM = 'RS256'
const PRIVATE_FILE_MODE = 0o600

export interface IssuerKeys {
  readonly kid: string
  readonly privateKey: CryptoKey
  readonly publicJwk: JWK
}

/** The built-in issuer's signing key, made on the first start and kept; its id is the RFC 7638 thumbprint. */
export async function loadIssuerKeys(file: string): Promise<IssuerKeys> {
  const kept = readFileIfPresent(file)
  const jwk =
    kept === undefined
      ? await makeKey(file)
      : parseJsonFile<JWK>(
          file,
          kept,
          'Restore it, or remove it and start once with FLOW_VAULT_ACCEPT_LOSS=issuer-key.json: every token in use then ends.',
        )
  const privateKey = (await importJWK(jwk, SIGNING_ALGORITHM)) as CryptoKey
  const { kty, n, e } = jwk
  const kid = await calculateJwkThumbprint(jwk)
  return { kid, privateKey, publicJwk: { kty: kty!, n: n!, e: e!, kid, use: 'sig', alg: SIGNING_ALGORITHM } }
}

async function makeKey(file: string): Promise<JWK> {
  const { privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true, modulusLength: 2048 })
  const jwk = await exportJWK(privateKey)
  writeFileAtomically(file, `${JSON.stringify(jwk, null, 2)}\n`, PRIVATE_FILE_MODE)
  return jwk
}
