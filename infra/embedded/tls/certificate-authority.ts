// The certificate library refuses to load before this polyfill.
import 'reflect-metadata'

import { createPrivateKey, generateKeyPairSync, type KeyObject, webcrypto } from 'node:crypto'
import { isIP } from 'node:net'
import * as x509 from '@peculiar/x509'

const MS_PER_DAY = 86_400_000

/** Ten years: people add the authority to their clients by hand, once. */
const AUTHORITY_LIFE_MS = 3_650 * MS_PER_DAY

/** Public authorities issue at most 398 days and Apple's clients refuse more (support.apple.com/102028). */
const SERVER_LIFE_MS = 397 * MS_PER_DAY

/** A client's clock may lag behind this machine's; an hour covers the usual error. */
const BACKDATE_MS = 3_600_000

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

export interface IssuedCertificate {
  readonly certPem: string
  /** PKCS #8. */
  readonly keyPem: string
}

/**
 * A new self-signed authority (ECDSA P-256, ten years) that may sign server certificates and nothing below them.
 * Its name carries a part of its key's identifier, so that the authorities of two vaults differ in a trust store.
 */
export async function createAuthority(nowMs: number): Promise<IssuedCertificate> {
  const keys = createKeys()
  const keyId = await x509.SubjectKeyIdentifierExtension.create(
    publicCryptoKey(keys.publicKey),
    false,
    webcrypto,
  )
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      name: [{ CN: [`Flow Vault local authority ${keyId.keyId.slice(0, 8)}`] }],
      notBefore: new Date(nowMs - BACKDATE_MS),
      notAfter: new Date(nowMs - BACKDATE_MS + AUTHORITY_LIFE_MS),
      signingAlgorithm: ALGORITHM,
      keys: { privateKey: signingKey(keys.privateKey), publicKey: publicCryptoKey(keys.publicKey) },
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        keyId,
      ],
    },
    webcrypto,
  )
  return { certPem: toPemFile(certificate), keyPem: exportKey(keys.privateKey) }
}

/**
 * A new server certificate (ECDSA P-256, 397 days, never beyond the authority's own end) for these DNS names and
 * IP addresses, with what Node, curl and Go check: subject alternative names, serverAuth, the authority's key id.
 */
export async function issueServerCertificate(request: {
  readonly authority: IssuedCertificate
  readonly hosts: readonly string[]
  readonly nowMs: number
}): Promise<IssuedCertificate> {
  const authority = new x509.X509Certificate(request.authority.certPem)
  const keys = createKeys()
  const publicKey = publicCryptoKey(keys.publicKey)
  const startsAtMs = request.nowMs - BACKDATE_MS
  const endsAtMs = Math.min(startsAtMs + SERVER_LIFE_MS, authority.notAfter.getTime())
  const certificate = await x509.X509CertificateGenerator.create(
    {
      subject: [{ CN: ['Flow Vault'] }],
      issuer: authority.subjectName,
      notBefore: new Date(startsAtMs),
      notAfter: new Date(endsAtMs),
      signingAlgorithm: ALGORITHM,
      publicKey,
      signingKey: signingKey(createPrivateKey(request.authority.keyPem)),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          request.hosts.map((host) => ({ type: isIP(host) === 0 ? 'dns' : 'ip', value: host })),
        ),
        await x509.SubjectKeyIdentifierExtension.create(publicKey, false, webcrypto),
        await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey, false, webcrypto),
      ],
    },
    webcrypto,
  )
  return { certPem: toPemFile(certificate), keyPem: exportKey(keys.privateKey) }
}

function createKeys(): { publicKey: KeyObject; privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

function signingKey(key: KeyObject): webcrypto.CryptoKey {
  return key.toCryptoKey(ALGORITHM, false, ['sign'])
}

function publicCryptoKey(key: KeyObject): webcrypto.CryptoKey {
  return key.toCryptoKey(ALGORITHM, true, ['verify'])
}

function exportKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString()
}

function toPemFile(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`
}
