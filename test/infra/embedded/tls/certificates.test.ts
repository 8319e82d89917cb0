import { execFile } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import tls, { type PeerCertificate } from 'node:tls'
import { promisify } from 'node:util'
import { type Certificates, ensureCertificates } from '../../../../infra/embedded/tls/certificates.ts'

const MS_PER_DAY = 86_400_000
// OpenSSL checks certificates against the machine's clock, so the handshakes need the real one.
const NOW_MS = Date.now()

describe('ensureCertificates', () => {
  let folder: string

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'flow-vault-certificates-'))
  })

  afterEach(() => {
    fs.rmSync(folder, { recursive: true })
  })

  it.each(['localhost', '127.0.0.1', '::1'])(
    'lets a client that trusts the authority reach %s',
    async (host) => {
      const certificates = await ensureCertificates({ folder, nowMs: NOW_MS })
      const server = await serve(certificates)
      try {
        await expect(get(server, { host, ca: certificates.caPem })).resolves.toBe('hello')
      } finally {
        server.close()
      }
    },
  )

  it('satisfies a client that trusts the authority by NODE_EXTRA_CA_CERTS, and no client that does not', async () => {
    const certificates = await ensureCertificates({ folder, nowMs: NOW_MS })
    const server = await serve(certificates)
    const { port } = server.address() as AddressInfo
    const script = `fetch('https://localhost:${port}/').then((r) => r.text()).then((t) => console.log(t), (e) => console.log(e.cause.code))`
    try {
      const trusting = await promisify(execFile)(process.execPath, ['-e', script], {
        env: { NODE_EXTRA_CA_CERTS: certificates.caPath },
      })
      expect(trusting.stdout).toBe('hello\n')
      const other = await promisify(execFile)(process.execPath, ['-e', script], { env: {} })
      expect(other.stdout).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE\n')
    } finally {
      server.close()
    }
  })

  it('is refused by a client for a host that it does not name', async () => {
    const certificates = await ensureCertificates({ folder, nowMs: NOW_MS })
    const server = await serve(certificates)
    try {
      await expect(get(server, { host: 'vault.example', ca: certificates.caPem })).rejects.toMatchObject({
        code: 'ERR_TLS_CERT_ALTNAME_INVALID',
      })
    } finally {
      server.close()
    }
  })

  it('makes an authority of ten years that may sign servers only, and a server certificate of 397 days', async () => {
    const { caPem, certPem } = await ensureCertificates({ folder, nowMs: NOW_MS })
    const authority = new X509Certificate(caPem)
    const server = new X509Certificate(certPem)
    expect(authority.ca).toBe(true)
    expect(lifeDays(authority)).toBe(3650)
    expect(authority.validFromDate.getTime()).toBeLessThan(NOW_MS)
    expect(server.ca).toBe(false)
    expect(lifeDays(server)).toBe(397)
    expect(server.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1'])
    expect(server.publicKey.asymmetricKeyDetails?.namedCurve).toBe('prime256v1')
    expect(server.verify(authority.publicKey)).toBe(true)
  })

  it('keeps every key readable by its owner only, and answers what is in the files', async () => {
    const certificates = await ensureCertificates({ folder, nowMs: NOW_MS })
    expect(mode('tls/ca-key.pem')).toBe(0o600)
    expect(mode('tls/server-key.pem')).toBe(0o600)
    expect(mode('tls')).toBe(0o700)
    expect(mode('ca.pem')).toBe(0o644)
    expect(certificates.caPath).toBe(path.join(folder, 'ca.pem'))
    expect(certificates).toMatchObject(read())
  })

  it('answers the same again while 30 days are left, and keeps the authority when it renews the server', async () => {
    const first = await ensureCertificates({ folder, nowMs: NOW_MS })
    await expect(ensureCertificates({ folder, nowMs: NOW_MS + 366 * MS_PER_DAY })).resolves.toEqual(first)

    const renewed = await ensureCertificates({ folder, nowMs: NOW_MS + 368 * MS_PER_DAY })
    expect(renewed.caPem).toBe(first.caPem)
    expect(renewed.certPem).not.toBe(first.certPem)
    expect(renewed.keyPem).not.toBe(first.keyPem)
    expect(new X509Certificate(renewed.certPem).verify(new X509Certificate(first.caPem).publicKey)).toBe(true)
    expect(renewed).toMatchObject(read())
  })

  it('never lets a server certificate outlive its authority, and replaces an authority about to end', async () => {
    const first = await ensureCertificates({ folder, nowMs: NOW_MS })
    const late = await ensureCertificates({ folder, nowMs: NOW_MS + 3600 * MS_PER_DAY })
    expect(late.caPem).toBe(first.caPem)
    expect(new X509Certificate(late.certPem).validTo).toBe(new X509Certificate(first.caPem).validTo)

    const after = await ensureCertificates({ folder, nowMs: NOW_MS + 3630 * MS_PER_DAY })
    expect(after.caPem).not.toBe(first.caPem)
    expect(new X509Certificate(after.certPem).verify(new X509Certificate(after.caPem).publicKey)).toBe(true)
  })

  it('makes a new server certificate when a host is added, and names that host too', async () => {
    const first = await ensureCertificates({ folder, nowMs: NOW_MS })
    const extraHosts = ['vault.example', '10.1.2.3']
    const second = await ensureCertificates({ folder, nowMs: NOW_MS, extraHosts })
    expect(second.caPem).toBe(first.caPem)
    const certificate = new X509Certificate(second.certPem)
    expect(certificate.checkHost('vault.example')).toBe('vault.example')
    expect(certificate.checkIP('10.1.2.3')).toBe('10.1.2.3')
    expect(certificate.checkHost('localhost')).toBe('localhost')
    await expect(ensureCertificates({ folder, nowMs: NOW_MS, extraHosts })).resolves.toEqual(second)
  })

  it('mends what a crash between two files leaves: a key without its certificate', async () => {
    const first = await ensureCertificates({ folder, nowMs: NOW_MS })
    const other = fs.mkdtempSync(path.join(folder, 'other-'))
    const { keyPem } = await ensureCertificates({ folder: other, nowMs: NOW_MS })
    fs.writeFileSync(path.join(folder, 'tls/server-key.pem'), keyPem)
    const mended = await ensureCertificates({ folder, nowMs: NOW_MS })
    expect(mended.caPem).toBe(first.caPem)
    const server = await serve(mended)
    await expect(get(server, { host: 'localhost', ca: mended.caPem })).resolves.toBe('hello')
    server.close()
  })

  it('makes a new server certificate when the authority was replaced', async () => {
    const first = await ensureCertificates({ folder, nowMs: NOW_MS })
    fs.rmSync(path.join(folder, 'ca.pem'))
    const second = await ensureCertificates({ folder, nowMs: NOW_MS })
    expect(second.caPem).not.toBe(first.caPem)
    const server = await serve(second)
    await expect(get(server, { host: 'localhost', ca: second.caPem })).resolves.toBe('hello')
    server.close()
  })

  it.each(['', 'no certificate', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
    'names an authority that is damaged, and makes a damaged certificate of the server anew: %j',
    async (damage) => {
      const first = await ensureCertificates({ folder, nowMs: NOW_MS })
      for (const name of ['server.pem', 'server-key.pem']) {
        fs.writeFileSync(path.join(folder, 'tls', name), damage)
        const again = await ensureCertificates({ folder, nowMs: NOW_MS })
        expect(again.caPem).toBe(first.caPem)
        expect(new X509Certificate(again.certPem).verify(new X509Certificate(first.caPem).publicKey)).toBe(
          true,
        )
      }
      const other = { folder, nowMs: NOW_MS, extraHosts: ['other.example'] }
      fs.writeFileSync(path.join(folder, 'tls', 'ca-key.pem'), damage)
      await expect(ensureCertificates(other)).rejects.toThrow(/ca-key\.pem is damaged.*ACCEPT_LOSS=ca\.pem/)
      fs.writeFileSync(path.join(folder, 'ca.pem'), damage)
      await expect(ensureCertificates(other)).rejects.toThrow(/ca\.pem is damaged.*ACCEPT_LOSS=ca\.pem/)
    },
  )

  it('needs the authority key only to sign, and says which file is missing then', async () => {
    const first = await ensureCertificates({ folder, nowMs: NOW_MS })
    fs.rmSync(path.join(folder, 'tls/ca-key.pem'))
    await expect(ensureCertificates({ folder, nowMs: NOW_MS })).resolves.toEqual(first)
    await expect(ensureCertificates({ folder, nowMs: NOW_MS + 390 * MS_PER_DAY })).rejects.toThrow(
      path.join(folder, 'tls', 'ca-key.pem'),
    )
    expect(read().caPem).toBe(first.caPem)
  })

  function mode(file: string): number {
    return fs.statSync(path.join(folder, file)).mode & 0o777
  }

  function read(): Omit<Certificates, 'caPath'> {
    const text = (file: string) => fs.readFileSync(path.join(folder, file), 'utf8')
    return { caPem: text('ca.pem'), certPem: text('tls/server.pem'), keyPem: text('tls/server-key.pem') }
  }
})

function lifeDays(certificate: X509Certificate): number {
  return (certificate.validToDate.getTime() - certificate.validFromDate.getTime()) / MS_PER_DAY
}

async function serve({ certPem, keyPem }: Certificates): Promise<https.Server> {
  const server = https.createServer({ cert: certPem, key: keyPem }, (_request, response) =>
    response.end('hello'),
  )
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return server
}

/** Connects to the loopback address, but checks the certificate for `host`, as if that had been asked for. */
function get(server: https.Server, { host, ca }: { host: string; ca: string }): Promise<string> {
  const { port } = server.address() as AddressInfo
  return new Promise((resolve, reject) => {
    const checkServerIdentity = (_name: string, certificate: PeerCertificate) =>
      tls.checkServerIdentity(host, certificate)
    https
      .get({ host: '127.0.0.1', port, ca, agent: false, checkServerIdentity }, (response) => {
        response.setEncoding('utf8')
        response.on('data', resolve)
      })
      .on('error', reject)
  })
}
