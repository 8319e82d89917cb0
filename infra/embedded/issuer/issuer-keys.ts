import fs from 'node:fs'
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose'
import type { Clock } from '../../../shared/ports/clock.ts'
import { parseJsonFile, readFileIfPresent, writeFileAtomically } from '../data-folder.ts'

/** What Auth0 signs with, so that every client's JWT library knows it (RFC 7518 §3.3). */
export const SIGNING_ALGORITHM = 'RS256'
const PRIVATE_FILE_MODE = 0o600
/** Another process (`npm run rotate-issuer-key`) may change the file; it is looked at this often. */
const LOOK_EVERY_MS = 1000

export interface IssuerKeys {
  readonly kid: string
  readonly privateKey: CryptoKey
  /** The key that signs, and before a rotation is over the one whose tokens are still good. */
  readonly publicJwks: readonly JWK[]
}

/** As it is kept: the private key that signs, and beside it the public one that it has replaced. */
type KeptKey = JWK & { readonly previous?: { readonly key: JWK; readonly untilMs: number } }

/** The built-in issuer's signing keys, made on the first start and kept; an id is the RFC 7638 thumbprint. */
export class IssuerKeyFile {
  readonly #file: string
  readonly #clock: Clock
  #keys: IssuerKeys
  #stamp: string
  #lookedAtMs: number

  private constructor(file: string, clock: Clock, keys: IssuerKeys) {
    this.#file = file
    this.#clock = clock
    this.#keys = keys
    this.#stamp = stampOf(file)
    this.#lookedAtMs = clock.monotonicMs()
  }

  /** Reads the file, or makes it; throws, naming it, when it is not what this module wrote. */
  static async open(file: string, clock: Clock): Promise<IssuerKeyFile> {
    if (readFileIfPresent(file) === undefined) writeKey(file, await newKey())
    return new IssuerKeyFile(file, clock, await keysOf(file, clock.nowMs()))
  }

  /** The keys as the file has them now; the same object while it has not changed. */
  async current(): Promise<IssuerKeys> {
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#lookedAtMs < LOOK_EVERY_MS) return this.#keys
    this.#lookedAtMs = nowMs
    const stamp = stampOf(this.#file)
    if (stamp !== this.#stamp) {
      this.#keys = await keysOf(this.#file, this.#clock.nowMs())
      this.#stamp = stamp
    }
    return this.#keys
  }
}

/**
 * Puts a new signing key in the place of the old one. Until `keepOldUntilMs` the tokens of the old one stay good;
 * without it all of them end at once.
 */
export async function rotateIssuerKey(file: string, keepOldUntilMs: number | undefined): Promise<void> {
  const { kty, n, e } = readKey(file)
  const fresh = await newKey()
  const previous = { key: { kty: kty!, n: n!, e: e! }, untilMs: keepOldUntilMs ?? 0 }
  writeKey(file, keepOldUntilMs === undefined ? fresh : { ...fresh, previous })
}

async function keysOf(file: string, nowMs: number): Promise<IssuerKeys> {
  const { previous, ...jwk } = readKey(file)
  const privateKey = (await importJWK(jwk, SIGNING_ALGORITHM)) as CryptoKey
  const signing = await publicJwk(jwk)
  const others = previous !== undefined && previous.untilMs > nowMs ? [await publicJwk(previous.key)] : []
  return { kid: signing.kid!, privateKey, publicJwks: [signing, ...others] }
}

async function publicJwk({ kty, n, e }: JWK): Promise<JWK> {
  const key = { kty: kty!, n: n!, e: e! }
  return { ...key, kid: await calculateJwkThumbprint(key), use: 'sig', alg: SIGNING_ALGORITHM }
}

async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair(SIGNING_ALGORITHM, { extractable: true, modulusLength: 2048 })
  return exportJWK(privateKey)
}

function readKey(file: string): KeptKey {
  const text = readFileIfPresent(file) ?? ''
  return parseJsonFile<KeptKey>(
    file,
    text,
    'Restore it, or remove it and start once with FLOW_VAULT_ACCEPT_LOSS=issuer-key.json: every token in use then ends.',
  )
}

function writeKey(file: string, key: KeptKey): void {
  writeFileAtomically(file, `${JSON.stringify(key, null, 2)}\n`, PRIVATE_FILE_MODE)
}

function stampOf(file: string): string {
  const stats = fs.statSync(file, { throwIfNoEntry: false })
  return stats === undefined ? '' : `${stats.mtimeMs} ${stats.size} ${stats.ino}`
}
