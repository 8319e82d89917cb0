import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import path from 'node:path'
import {
  createPrivateFolder,
  DamagedFileError,
  readFileIfPresent,
  writeFileAtomically,
} from '../data-folder.ts'
import type { IssuedCertificate } from './certificate-authority.ts'

const PRIVATE_FILE_MODE = 0o600
const PUBLIC_FILE_MODE = 0o644

/** Every name by which a client on this machine reaches the server. */
const LOCAL_HOSTS = ['localhost', '127.0.0.1', '::1']

/** A certificate with less life than this is replaced at the next daily check or start: 30 days leave room for many. */
const RENEW_BEFORE_MS = 30 * 86_400_000

export interface Certificates {
  /** The authority's certificate: what clients have to trust. */
  readonly caPem: string
  /** Where it is, for `NODE_EXTRA_CA_CERTS` and `SSL_CERT_FILE`. */
  readonly caPath: string
  readonly certPem: string
  readonly keyPem: string
}

/**
 * The server's certificate and the private authority that signed it, made on first use and kept in the data folder:
 * `ca.pem`, `tls/ca-key.pem`, `tls/server.pem`, `tls/server-key.pem` (keys 0600). The server's is made anew when
 * less than 30 days are left, when it lacks one of the hosts, is damaged, or does not fit its key or the authority.
 * Throws `DamagedFileError` when the authority is damaged, or has to sign and its key is gone: a silent new one would break every client's trust.
 */
export async function ensureCertificates(options: {
  readonly folder: string
  readonly nowMs: number
  /** DNS names or IP addresses to serve besides this machine's own. */
  readonly extraHosts?: readonly string[]
}): Promise<Certificates> {
  const files = {
    authority: path.join(options.folder, 'ca.pem'),
    authorityKey: path.join(options.folder, 'tls', 'ca-key.pem'),
    server: path.join(options.folder, 'tls', 'server.pem'),
    serverKey: path.join(options.folder, 'tls', 'server-key.pem'),
  }
  createPrivateFolder(path.join(options.folder, 'tls'))
  const hosts = [...new Set([...LOCAL_HOSTS, ...(options.extraHosts ?? [])])]

  const authority = await ensureAuthority(files, options.nowMs)
  const kept = readPair(files.server, files.serverKey)
  const server =
    kept !== undefined && isFit(kept, authority.certPem, hosts, options.nowMs)
      ? kept
      : await (await loadAuthority()).issueServerCertificate({
          authority: { ...authority, keyPem: requireAuthorityKey(authority.keyPem, files) },
          hosts,
          nowMs: options.nowMs,
        })
  if (server !== kept) writePair(server, files.server, files.serverKey)
  return { caPem: authority.certPem, caPath: path.resolve(files.authority), ...server }
}

/** The certificate library takes 80 ms to load, and most starts find everything made. */
function loadAuthority() {
  return import('./certificate-authority.ts')
}

interface AuthorityFiles {
  readonly authority: string
  readonly authorityKey: string
}

/** The key may be absent: a server whose certificate is still good can do without. */
async function ensureAuthority(
  files: AuthorityFiles,
  nowMs: number,
): Promise<{ certPem: string; keyPem: string | undefined }> {
  const certPem = readFileIfPresent(files.authority)
  if (certPem !== undefined) {
    const authority = findCertificate(certPem)
    if (authority === undefined) throw damaged(files.authority, 'no certificate in PEM', files)
    if (authority.validToDate.getTime() - nowMs >= RENEW_BEFORE_MS)
      return { certPem, keyPem: readFileIfPresent(files.authorityKey) }
  }
  const { createAuthority } = await loadAuthority()
  const created = await createAuthority(nowMs)
  writePair(created, files.authority, files.authorityKey)
  return created
}

function requireAuthorityKey(keyPem: string | undefined, files: AuthorityFiles): string {
  if (keyPem === undefined) {
    throw new DamagedFileError(
      `The server's certificate has to be renewed, but the authority's key ${files.authorityKey} is missing. ${anewWithout(files)}`,
    )
  }
  if (findPrivateKey(keyPem) === undefined) throw damaged(files.authorityKey, 'no key in PEM', files)
  return keyPem
}

function damaged(file: string, what: string, files: AuthorityFiles): DamagedFileError {
  return new DamagedFileError(`${file} is damaged: it is ${what}. ${anewWithout(files)}`)
}

function anewWithout({ authority }: AuthorityFiles): string {
  return `Restore it, or remove ${authority} and start once with FLOW_VAULT_ACCEPT_LOSS=ca.pem: every client then has to trust a new authority.`
}

function findCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

function findPrivateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem)
  } catch {
    return undefined
  }
}

/** The key goes first: a certificate on the disk always has its key beside it, or one from before a crash, seen below. */
function writePair(pair: IssuedCertificate, certFile: string, keyFile: string): void {
  writeFileAtomically(keyFile, pair.keyPem, PRIVATE_FILE_MODE)
  writeFileAtomically(certFile, pair.certPem, PUBLIC_FILE_MODE)
}

function readPair(certFile: string, keyFile: string): IssuedCertificate | undefined {
  const certPem = readFileIfPresent(certFile)
  const keyPem = readFileIfPresent(keyFile)
  return certPem === undefined || keyPem === undefined ? undefined : { certPem, keyPem }
}

function isFit(
  server: IssuedCertificate,
  authorityPem: string,
  hosts: readonly string[],
  nowMs: number,
): boolean {
  const certificate = findCertificate(server.certPem)
  const key = findPrivateKey(server.keyPem)
  const authority = new X509Certificate(authorityPem)
  return (
    certificate !== undefined &&
    key !== undefined &&
    certificate.validToDate.getTime() - nowMs >= RENEW_BEFORE_MS &&
    certificate.checkPrivateKey(key) &&
    certificate.verify(authority.publicKey) &&
    hosts.every((host) => isNamed(certificate, host))
  )
}

function isNamed(certificate: X509Certificate, host: string): boolean {
  return (isIP(host) === 0 ? certificate.checkHost(host) : certificate.checkIP(host)) !== undefined
}
