import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import vm from 'node:vm'
import type { App } from 'aws-cdk-lib'
import { Template } from 'aws-cdk-lib/assertions'
import { EDGE_FUNCTION } from '../../infra/web/page-paths.ts'
import { emulatorClientConfig } from '../support/emulator-under-test.ts'
import { PROJECT_ROOT } from '../support/source-files.ts'
import { testStacks } from '../support/test-stage.ts'

const FOLDER = path.join(PROJECT_ROOT, '.cache/web-on-s3')
const BUCKET = 'flow-vault-page-files'
const { endpoint } = emulatorClientConfig('moto')

/**
 * What the function of a bucket deployment does with each source, which itself runs the AWS command line: every file
 * under its path, with the metadata of the deployment and the type that Python's table knows for its ending.
 */
const PUT_FILES = `
import boto3, json, mimetypes, os, sys
endpoint, bucket, deployments = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
s3 = boto3.client('s3', endpoint_url=endpoint, region_name='us-east-1', aws_access_key_id='test', aws_secret_access_key='test')
s3.create_bucket(Bucket=bucket)
for deployment in deployments:
    for source in deployment['sources']:
        for folder, _, files in os.walk(source):
            for name in files:
                file = os.path.join(folder, name)
                with open(file, 'rb') as body:
                    s3.put_object(Bucket=bucket, Key=os.path.relpath(file, source), Body=body.read(),
                        ContentType=mimetypes.guess_type(file)[0] or 'binary/octet-stream',
                        CacheControl=deployment['cacheControl'], ACL='public-read')
`

interface Deployment {
  readonly sources: readonly string[]
  readonly cacheControl: string
}

describe('the files of the page in a bucket', () => {
  beforeAll(() => {
    execFileSync(process.execPath, [path.join(PROJECT_ROOT, 'infra/web/write-web.ts'), FOLDER])
    const web = { clientId: 'vault-page', origins: [] }
    const stack = testStacks({ web }, FOLDER).web!
    const { outdir } = stack.node.root as App
    const found = Template.fromStack(stack).findResources('Custom::CDKBucketDeployment')
    const deployments = Object.values(found).map(
      ({ Properties: { SourceObjectKeys: keys, SystemMetadata: metadata } }): Deployment => ({
        sources: (keys as string[]).map((key) => path.join(outdir, `asset.${path.parse(key).name}`)),
        cacheControl: metadata['cache-control'],
      }),
    )
    for (const { sources } of deployments)
      for (const source of sources) if (!existsSync(source)) throw new Error(`${source} is not there`)
    const python = path.join(process.env['FLOW_VAULT_TEST_PYTHON_BIN']!, 'python')
    execFileSync(python, ['-c', PUT_FILES, endpoint, BUCKET, JSON.stringify(deployments)])
  })

  /** As a browser is answered: the function at the edge says which file it is, the bucket has it. */
  async function get(uri: string): Promise<Response> {
    const edge: { uri?: string; statusCode?: number } = uri.startsWith('/vault/assets/')
      ? { uri }
      : vm.runInNewContext(`${EDGE_FUNCTION}\nhandler(event)`, { event: { request: { uri } } })
    if (edge.uri === undefined) return new Response(null, { status: edge.statusCode! })
    return fetch(`${endpoint}/${BUCKET}${edge.uri}`)
  }

  /** What a document or a script asks for at once, and by itself later on. */
  function named(text: string): string[] {
    const absolute = [...text.matchAll(/"(\/vault\/assets\/[^"]+)"/g)].map(([, each]) => each!)
    const beside = [...text.matchAll(/["']\.\/(?:assets\/)?([\w-]+-[A-Z0-9]{8}\.js)["']/g)]
    return [...absolute, ...beside.map(([, each]) => `/vault/assets/${each!}`)]
  }

  it.each(['/vault', '/vault/health', '/vault/connections/ac_1'])(
    'answer %s with the page, asked for anew',
    async (uri) => {
      const page = await get(uri)
      expect(page.status).toBe(200)
      expect(page.headers.get('content-type')).toMatch(/^text\/html/)
      expect(page.headers.get('cache-control')).toBe('no-cache')
      expect(await page.text()).toContain('<vault-app')
    },
  )

  it.each(['/vault', '/vault/picker.js'])(
    'have all that %s loads, at once and later, kept for good',
    async (uri) => {
      const left = named(await (await get(uri)).text())
      const seen = new Set<string>()
      for (const file of left) {
        if (seen.has(file)) continue
        seen.add(file)
        const answer = await get(file)
        expect([file, answer.status]).toEqual([file, 200])
        expect(answer.headers.get('content-type')).toMatch(
          file.endsWith('.css') ? /^text\/css/ : /^(?:text|application)\/javascript/,
        )
        expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
        left.push(...named(await answer.text()))
      }
      expect(seen.size).toBeGreaterThanOrEqual(3)
    },
  )

  it('say how people sign in, and have the picker under one name', async () => {
    const config = await get('/vault/config.json')
    expect(config.headers.get('cache-control')).toBe('no-cache')
    expect(config.headers.get('content-type')).toMatch(/^application\/json/)
    expect(await config.json()).toMatchObject({
      sign_in: 'issuer',
      issuer: 'https://tenant.example.com/',
      client_id: 'vault-page',
      audience: 'https://vault.example.com/api/v2/',
    })
    const picker = await get('/vault/picker.js')
    expect(picker.headers.get('cache-control')).toBe('no-cache')
    expect(picker.headers.get('content-type')).toMatch(/^(?:text|application)\/javascript/)
  })

  it('have nothing else', async () => {
    expect((await get('/vault/nowhere')).status).toBe(404)
    expect((await get('/vault/assets/nothing-00000000.js')).status).toBe(404)
  })
})
