import { Duration } from 'aws-cdk-lib'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import {
  AllowedMethods,
  type BehaviorOptions,
  CachePolicy,
  Distribution,
  Function as EdgeFunction,
  FunctionCode,
  FunctionEventType,
  FunctionRuntime,
  HeadersFrameOption,
  HeadersReferrerPolicy,
  HttpVersion,
  OriginRequestPolicy,
  PriceClass,
  ResponseHeadersPolicy,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront'
import { HttpOrigin, S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins'
import type { IBucket } from 'aws-cdk-lib/aws-s3'
import { Construct } from 'constructs'
import { EDGE_FUNCTION } from '../web/page-paths.ts'

const YEAR = Duration.days(365)

export interface PageDistributionProps {
  readonly stage: string
  readonly bucket: IBucket
  /** The API's host, without scheme and path. */
  readonly apiHost: string
  readonly securityPolicy: string
  readonly domain?: { readonly name: string; readonly certificateArn: string } | undefined
}

/**
 * The page and the API under one origin: the files come from the bucket, which nobody else may read, and everything
 * else goes to the API, uncached.
 */
export class PageDistribution extends Construct {
  readonly distribution: Distribution

  constructor(scope: Construct, id: string, props: PageDistributionProps) {
    super(scope, id)
    const { bucket, domain } = props
    const files = S3BucketOrigin.withOriginAccessControl(bucket)
    const page = this.#page(files, props)
    const picker = { ...page, responseHeadersPolicy: this.#assetHeaders(props.stage) }
    this.distribution = new Distribution(this, 'Distribution', {
      comment: `Flow Vault ${props.stage}`,
      httpVersion: HttpVersion.HTTP2_AND_3,
      priceClass: PriceClass.PRICE_CLASS_ALL,
      minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
      ...(domain === undefined
        ? {}
        : {
            domainNames: [domain.name],
            certificate: Certificate.fromCertificateArn(this, 'Certificate', domain.certificateArn),
          }),
      defaultBehavior: apiBehavior(props.apiHost),
      additionalBehaviors: {
        // What an editor of another origin may load as well.
        '/vault/assets/*': {
          origin: files,
          viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
          cachePolicy: CachePolicy.CACHING_OPTIMIZED,
          responseHeadersPolicy: picker.responseHeadersPolicy,
          compress: true,
        },
        '/vault/picker.js': picker,
        '/vault': page,
        '/vault/*': page,
        '/': page,
      },
    })
  }

  #page(origin: BehaviorOptions['origin'], props: PageDistributionProps): BehaviorOptions {
    const code = FunctionCode.fromInline(EDGE_FUNCTION)
    const edge = new EdgeFunction(this, 'Views', { code, runtime: FunctionRuntime.JS_2_0 })
    return {
      origin,
      viewerProtocolPolicy: ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
      // What the bucket says counts: these files are asked for anew each time.
      cachePolicy: CachePolicy.CACHING_OPTIMIZED,
      responseHeadersPolicy: this.#pageHeaders(props),
      functionAssociations: [{ function: edge, eventType: FunctionEventType.VIEWER_REQUEST }],
      compress: true,
    }
  }

  #pageHeaders({ stage, securityPolicy }: PageDistributionProps): ResponseHeadersPolicy {
    return new ResponseHeadersPolicy(this, 'PageHeaders', {
      comment: `The page of Flow Vault ${stage}`,
      securityHeadersBehavior: {
        contentSecurityPolicy: { contentSecurityPolicy: securityPolicy, override: true },
        contentTypeOptions: { override: true },
        frameOptions: { frameOption: HeadersFrameOption.DENY, override: true },
        referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.NO_REFERRER, override: true },
        strictTransportSecurity: { accessControlMaxAge: YEAR, override: true },
      },
      customHeadersBehavior: {
        customHeaders: [
          { header: 'cross-origin-opener-policy', value: 'same-origin-allow-popups', override: true },
        ],
      },
    })
  }

  #assetHeaders(stage: string): ResponseHeadersPolicy {
    return new ResponseHeadersPolicy(this, 'AssetHeaders', {
      comment: `The scripts of Flow Vault ${stage}`,
      securityHeadersBehavior: {
        contentTypeOptions: { override: true },
        referrerPolicy: { referrerPolicy: HeadersReferrerPolicy.NO_REFERRER, override: true },
        strictTransportSecurity: { accessControlMaxAge: YEAR, override: true },
      },
      customHeadersBehavior: {
        customHeaders: [
          { header: 'access-control-allow-origin', value: '*', override: true },
          { header: 'cross-origin-resource-policy', value: 'cross-origin', override: true },
        ],
      },
    })
  }
}

/** Everything as the viewer sent it but the host, by which the API knows itself; nothing is kept. */
function apiBehavior(host: string): BehaviorOptions {
  return {
    origin: new HttpOrigin(host),
    viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
    allowedMethods: AllowedMethods.ALLOW_ALL,
    cachePolicy: CachePolicy.CACHING_DISABLED,
    originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
  }
}
