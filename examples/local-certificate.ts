import tls from 'node:tls'
import { createAuthority, issueServerCertificate } from '../infra/embedded/tls/certificate-authority.ts'

/** A certificate with its key, as PEM. */
export interface LocalCertificate {
  readonly cert: string
  readonly key: string
}

/** A certificate for loopback that this process trusts from now on, and no other does. */
export async function trustedCertificate(): Promise<LocalCertificate> {
  const nowMs = Date.now()
  const authority = await createAuthority(nowMs)
  const { certPem, keyPem } = await issueServerCertificate({ authority, hosts: ['127.0.0.1'], nowMs })
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), authority.certPem])
  return { cert: certPem, key: keyPem }
}
