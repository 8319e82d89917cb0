import { execFileSync } from 'node:child_process'
import path from 'node:path'
import { CfnOutput, CfnResource, Duration, Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib'
import { CfnFunction } from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from 'aws-cdk-lib/aws-s3'
import { BucketDeployment, CacheControl, type ISource, Source } from 'aws-cdk-lib/aws-s3-deployment'
import type { Construct } from 'constructs'
import { PageDistribution } from '../constructs/page-distribution.ts'
import type { DeploymentSettings } from '../stage-file.ts'
import { type PageIssuer, pageConfig, pageConnects, pageSecurityPolicy } from '../web/page-config.ts'
import type { VaultStack } from './vault-stack.ts'

/** Files that an older page still asks for stay this long after they were replaced. */
const REPLACED_FILES_KEPT = Duration.days(30)
/** Of the function that puts the files there. */
const DEPLOYMENT_MEMORY_MIB = 256
const WRITE_WEB = path.resolve(import.meta.dirname, '../web/write-web.ts')

export interface WebStackProps extends StackProps {
  readonly settings: DeploymentSettings
  readonly vault: VaultStack
  /** The folder with the files of the page; they are built when it is absent. */
  readonly files?: string | undefined
}

/** The page for people: a private bucket and a distribution that also leads to the API. Nothing of it is data. */
export class WebStack extends Stack {
  readonly bucket: Bucket
  readonly distribution: PageDistribution

  constructor(scope: Construct, id: string, props: WebStackProps) {
    super(scope, id, props)
    const { settings, vault } = props
    this.bucket = new Bucket(this, 'Files', {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      versioned: true,
      lifecycleRules: [{ noncurrentVersionExpiration: REPLACED_FILES_KEPT }],
      removalPolicy: RemovalPolicy.DESTROY,
      autoDeleteObjects: true,
    })
    const issuer = pageIssuerOf(settings)
    this.distribution = new PageDistribution(this, 'Page', {
      stage: settings.stage,
      bucket: this.bucket,
      apiHost: Fn.select(2, Fn.split('/', vault.http.url)),
      securityPolicy: pageSecurityPolicy(pageConnects(issuer)),
      domain: settings.web?.domain,
    })
    this.#putFiles(props.files ?? builtFiles(), issuer)
    this.#keepLogs(settings.stage)
    const { distributionDomainName } = this.distribution.distribution
    const name = settings.web?.domain?.name ?? distributionDomainName
    new CfnOutput(this, 'PageUrl', { value: `https://${name}/vault` })
    new CfnOutput(this, 'PageDomainTarget', { value: distributionDomainName })
  }

  /**
   * Where the functions of CDK write that put the files into the bucket and empty it. Without a log group of the stack
   * Lambda makes one that nobody ever ends. Set on the resources, because one of the two takes no such setting.
   */
  #keepLogs(stage: string): void {
    const logs = new LogGroup(this, 'Logs', {
      logGroupName: `/flow-vault/${stage}/web`,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    for (const resource of this.node.findAll()) {
      if (!CfnResource.isCfnResource(resource)) continue
      if (resource.cfnResourceType !== CfnFunction.CFN_RESOURCE_TYPE_NAME) continue
      resource.addPropertyOverride('LoggingConfig', { LogGroup: logs.logGroupName })
    }
  }

  /** What carries a digest in its name first, so that no page names a file that is not there yet. */
  #putFiles(folder: string, issuer: PageIssuer): void {
    const config = pageConfig(issuer)
    const common = { destinationBucket: this.bucket, prune: false, memoryLimit: DEPLOYMENT_MEMORY_MIB }
    const assets = new BucketDeployment(this, 'Assets', {
      ...common,
      sources: [Source.asset(path.join(folder, 'assets'))],
      cacheControl: [CacheControl.fromString('public, max-age=31536000, immutable')],
    })
    const sources: ISource[] = [
      Source.asset(path.join(folder, 'page')),
      Source.data(`vault/${config.path}`, config.body.toString('utf8')),
    ]
    const page = new BucketDeployment(this, 'Documents', {
      ...common,
      sources,
      // The edge asks the bucket for them each time, so nothing has to be invalidated.
      cacheControl: [CacheControl.fromString('no-cache')],
    })
    page.node.addDependency(assets)
  }
}

function pageIssuerOf({ issuer, audience, web }: DeploymentSettings): PageIssuer {
  const { clientId, scopes, audienceIn, origins } = web!
  return { issuer, audience, clientId, scopes, audienceIn, origins }
}

/** The page from the sources of this checkout; a process of its own, because a stack is built in one turn. */
function builtFiles(): string {
  const folder = path.resolve(import.meta.dirname, '../../.cache/web')
  execFileSync(process.execPath, [WRITE_WEB, folder], { stdio: 'inherit' })
  return folder
}
