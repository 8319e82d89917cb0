import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms'
import { emulatorClientConfig } from '../../support/emulator-under-test.ts'
import { startLocalServer } from '../../support/local-server.ts'

const run = promisify(execFile)

/** The command as npm runs it, against moto or what stands in for AWS; its exit code with what it said. */
async function preflight(stage: object, aws?: string): Promise<{ code: number; out: string }> {
  const folder = mkdtempSync(path.join(tmpdir(), 'flow-vault-preflight-'))
  writeFileSync(path.join(folder, 'prod.json'), JSON.stringify(stage))
  const { endpoint, credentials } = emulatorClientConfig('moto')
  const env = {
    PATH: process.env['PATH'],
    AWS_ENDPOINT_URL: aws ?? endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
  }
  const script = path.resolve('tools/aws/preflight-command.ts')
  const args = ['--disable-warning=ExperimentalWarning', script, '--stage', 'prod', '--stages', folder]
  try {
    const { stdout } = await run(process.execPath, args, { env })
    return { code: 0, out: stdout }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, out: stdout + stderr }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

describe('npm run preflight', () => {
  it('looks at the account, and goes on past what it may not ask', async () => {
    const issuer = await startLocalServer((request, response) => {
      response.end(JSON.stringify({ issuer: `http://${request.headers.host}/` }))
    })
    const least = { issuer: `${issuer.url}/`, audience: 'vault', tenantClaim: 'tenant' }
    const stage = { ...least, tenantKeys: ['acme', 'globex'] }
    const { code, out } = await preflight(stage)
    await issuer.close()
    expect(out).toContain('stage prod, account 123456789012, Region us-east-1')
    expect(out).toContain(`ok       issuer: ${issuer.url}/ answers`)
    expect(out).toContain('ok       bootstrap and permissions')
    expect(out).toContain('ok       keys of tenants: 2 keys, 2 of them to be made: $2 a month')
    expect(out).toContain('npx cdk deploy --all -c stage=prod')
    expect(code).toBe(0)
  })

  it('says of keys that it may not describe that they are unknown, and goes on', async () => {
    const aws = await startLocalServer((request, response) => {
      const [, call] = String(request.headers['x-amz-target']).split('.')
      // Who may not look at one key is never asked how many there are.
      if (call === 'ListKeys') return
      if (call !== undefined) response.writeHead(400).end('{"__type":"AccessDeniedException"}')
      else response.end('<R><GetCallerIdentityResult><Account>1</Account></GetCallerIdentityResult></R>')
    })
    const least = { issuer: `${aws.url}/`, audience: 'vault', tenantClaim: 'tenant' }
    const { out } = await preflight({ ...least, tenantKeys: ['acme'] }, aws.url)
    await aws.close()
    expect(out).toContain('unknown  keys of tenants: AccessDeniedException')
    expect(out).toContain('issuer')
  })

  it('stops at an issuer that names itself otherwise, and at a table that is not there', async () => {
    const issuer = await startLocalServer((_, response) => {
      response.end(JSON.stringify({ issuer: 'https://other.example.com/' }))
    })
    const kms = new KMSClient(emulatorClientConfig('moto'))
    const { KeyMetadata } = await kms.send(new CreateKeyCommand({ KeyUsage: 'ENCRYPT_DECRYPT' }))
    const untagged = KeyMetadata!.Arn!
    kms.destroy()
    const key = (digit: string) =>
      `arn:aws:kms:us-east-1:123456789012:key/${digit.repeat(8)}-2222-3333-4444-555555555555`
    const stage = {
      issuer: `${issuer.url}/`,
      audience: 'vault',
      tenantClaim: 'tenant',
      tenantKeys: ['acme'],
      adopt: {
        tableName: 'no-such-table',
        wrappingKeyArn: key('1'),
        digestKeyArn: key('2'),
        tenantKeyArns: { acme: untagged },
      },
    }
    const { code, out } = await preflight(stage)
    await issuer.close()
    expect(out).toContain('failed   issuer: the discovery document')
    expect(out).toContain('failed   adopted table: there is no table no-such-table')
    expect(out).toContain('failed   adopted wrapping key: there is no key')
    expect(out).toMatch(/failed {3}adopted key of acme: .* has no tag flow-vault:deployment: no function may/)
    expect(code).toBe(1)
  })

  it('says what is wrong with a stage file before it asks anybody', async () => {
    const { code, out } = await preflight({ issuer: 'https://idp.example.com/' })
    expect(code).toBe(2)
    expect(out).toContain('audience is not set')
  })
})
