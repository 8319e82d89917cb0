import vm from 'node:vm'
import { Match, Template } from 'aws-cdk-lib/assertions'
import { EDGE_FUNCTION } from '../../infra/web/page-paths.ts'
import { testSettings, testStacks } from '../support/test-stage.ts'

const DOMAIN = {
  name: 'connections.example.com',
  certificateArn: 'arn:aws:acm:us-east-1:111122223333:certificate/11111111-2222-3333-4444-555555555555',
}

describe('WebStack', () => {
  let template: Template

  beforeAll(() => {
    const web = { clientId: 'vault-page', domain: DOMAIN, origins: ['https://tokens.example.com'] }
    template = Template.fromStack(testStacks({ web }).web!)
  })

  it('is made only where the stage file says so', () => {
    expect(testStacks().web).toBeUndefined()
  })

  it('keeps the files in a bucket that only the distribution reads', () => {
    template.hasResourceProperties('AWS::S3::Bucket', {
      PublicAccessBlockConfiguration: {
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      },
    })
    template.hasResourceProperties('AWS::CloudFront::OriginAccessControl', {
      OriginAccessControlConfig: Match.objectLike({ SigningBehavior: 'always', SigningProtocol: 'sigv4' }),
    })
    const policies = JSON.stringify(template.findResources('AWS::S3::BucketPolicy'))
    expect(policies).toContain('"Service":"cloudfront.amazonaws.com"')
    expect(policies).not.toMatch(/"Effect":"Allow","Principal":(?:"\*"|\{"AWS":"\*"\})/)
  })

  it('has the page and the API in one origin, and keeps nothing of the API', () => {
    template.hasResourceProperties('AWS::CloudFront::Distribution', {
      DistributionConfig: Match.objectLike({
        Aliases: [DOMAIN.name],
        DefaultCacheBehavior: Match.objectLike({
          AllowedMethods: Match.arrayWith(['PUT', 'PATCH', 'POST', 'DELETE']),
          // "CachingDisabled" and "AllViewerExceptHostHeader", as CloudFront numbers them.
          CachePolicyId: '4135ea2d-6df8-44a3-9df3-4b5a84be39ad',
          OriginRequestPolicyId: 'b689b0a8-53d0-40ab-baf2-68738e2966ac',
        }),
        CacheBehaviors: Match.arrayWith(
          ['/vault/assets/*', '/vault/picker.js', '/vault', '/vault/*', '/'].map((pattern) =>
            Match.objectLike({ PathPattern: pattern, Compress: true }),
          ),
        ),
      }),
    })
  })

  it('gives the page the policy that it has embedded, with the origins of the issuer', () => {
    template.hasResourceProperties('AWS::CloudFront::ResponseHeadersPolicy', {
      ResponseHeadersPolicyConfig: Match.objectLike({
        SecurityHeadersConfig: Match.objectLike({
          ContentSecurityPolicy: {
            ContentSecurityPolicy: Match.stringLikeRegexp(
              "^default-src 'none'.*connect-src 'self' https://tenant.example.com https://tokens.example.com; .*trusted-types lit-html$",
            ),
            Override: true,
          },
        }),
        CustomHeadersConfig: {
          Items: [
            { Header: 'cross-origin-opener-policy', Override: true, Value: 'same-origin-allow-popups' },
          ],
        },
      }),
    })
  })

  it('has the functions that put the files there write to a log group that goes with the stack', () => {
    const [[logs, { Properties }]] = Object.entries(template.findResources('AWS::Logs::LogGroup')) as [
      [string, { Properties: object }],
    ]
    expect(Properties).toMatchObject({ LogGroupName: '/flow-vault/test/web', RetentionInDays: 90 })
    const functions = Object.values(template.findResources('AWS::Lambda::Function'))
    expect(functions.map((one) => one['Properties'].LoggingConfig)).toEqual(
      Array(2).fill({ LogGroup: { Ref: logs } }),
    )
  })

  it('says of each file how long it may be kept, and puts the documents last', () => {
    const deployments = Object.entries(template.findResources('Custom::CDKBucketDeployment'))
    const cacheOf = (name: string) =>
      deployments.find(([id]) => id.startsWith(name))?.[1].Properties.SystemMetadata['cache-control']
    expect(cacheOf('Assets')).toBe('public, max-age=31536000, immutable')
    expect(cacheOf('Documents')).toBe('no-cache')
    const [assets] = deployments.find(([id]) => id.startsWith('Assets'))!
    expect(deployments.find(([id]) => id.startsWith('Documents'))![1].DependsOn).toContain(assets)
  })

  it('sends browsers back to the name that people know', () => {
    const { environment } = testSettings({ web: { clientId: 'vault-page', domain: DOMAIN } })
    expect(environment['FLOW_VAULT_PUBLIC_URL']).toBe('https://connections.example.com')
  })
})

describe('EDGE_FUNCTION', () => {
  const answer = (uri: string): { uri?: string; statusCode?: number } =>
    vm.runInNewContext(`${EDGE_FUNCTION}\nhandler(event)`, { event: { request: { uri } } })

  it.each(['/vault', '/vault/', '/vault/health', '/vault/connections/ac_1', '/vault/settings'])(
    'answers %s with the page',
    (uri) => expect(answer(uri).uri).toBe('/vault/index.html'),
  )

  it.each(['/vault/nowhere', '/vault/a/b/c', '/vaults', '/vault/index.html', '/vault/connections/a/b'])(
    'knows nothing of %s',
    (uri) => expect(answer(uri).statusCode).toBe(404),
  )

  it('leads the root to the page, and leaves files as they are', () => {
    expect(answer('/').statusCode).toBe(302)
    expect(answer('/vault/config.json').uri).toBe('/vault/config.json')
    expect(answer('/vault/picker.js').uri).toBe('/vault/picker.js')
  })
})
