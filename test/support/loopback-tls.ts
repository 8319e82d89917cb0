import tls from 'node:tls'
import { createAuthority, issueServerCertificate } from '../../infra/embedded/tls/certificate-authority.ts'

/** A certificate for loopback with its key, as PEM, and the private authority that signed it. */
export interface LoopbackCertificate {
  readonly cert: string
  readonly key: string
  /** For `NODE_EXTRA_CA_CERTS` of another process. */
  readonly authority: string
}

/**
 * A certificate for `127.0.0.1` and `localhost` that this process trusts from now on, as it would trust a private
 * authority named in `NODE_EXTRA_CA_CERTS`; nothing of the product has to be told.
 */
export async function trustedLoopbackCertificate(): Promise<LoopbackCertificate> {
  const nowMs = Date.now()
  const authority = await createAuthority(nowMs)
  const { certPem, keyPem } = await issueServerCertificate({
    authority,
    hosts: ['127.0.0.1', 'localhost'],
    nowMs,
  })
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), authority.certPem])
  return { cert: certPem, key: keyPem, authority: authority.certPem }
}
