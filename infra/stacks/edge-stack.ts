import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import {
  AllowedMethods,
  CachePolicy,
  Distribution,
  OriginProtocolPolicy,
  OriginRequestPolicy,
  SecurityPolicyProtocol,
  ViewerProtocolPolicy,
} from 'aws-cdk-lib/aws-cloudfront'
import { HttpOrigin } from 'aws-cdk-lib/aws-cloudfront-origins'
import { CfnWebACL } from 'aws-cdk-lib/aws-wafv2'
import type { Construct } from 'constructs'
import type { DeploymentSettings } from '../stage-file.ts'

/** CloudFront's certificates and firewalls are of this Region, wherever the vault is (CloudFront guide). */
const EDGE_REGION = 'us-east-1'
/** What AWS knows to be scanners and known exploits; none looks into a body that could hold a credential. */
const MANAGED_RULES = ['AWSManagedRulesAmazonIpReputationList', 'AWSManagedRulesKnownBadInputsRuleSet']

export interface EdgeStackProps extends StackProps {
  readonly stage: string
  readonly edge: NonNullable<DeploymentSettings['edge']>
  /** Where CloudFront finds the API. */
  readonly origin: string
}

/** CloudFront with a firewall before the API: it caches nothing, and hands on all that a request has. */
export class EdgeStack extends Stack {
  constructor(scope: Construct, id: string, props: EdgeStackProps) {
    super(scope, id, { ...props, env: { region: EDGE_REGION } })
    const { stage, edge, origin } = props
    const firewall = new CfnWebACL(this, 'Firewall', {
      name: `flow-vault-${stage}`,
      scope: 'CLOUDFRONT',
      defaultAction: { allow: {} },
      visibilityConfig: seenAs(`flow-vault-${stage}`),
      rules: [
        {
          name: 'requests-per-address',
          priority: 0,
          action: { block: { customResponse: { responseCode: 429 } } },
          statement: { rateBasedStatement: { aggregateKeyType: 'IP', limit: edge.requestsPerAddress } },
          visibilityConfig: seenAs('requests-per-address'),
        },
        ...MANAGED_RULES.map((name, index) => ({
          name,
          priority: index + 1,
          overrideAction: { none: {} },
          statement: { managedRuleGroupStatement: { vendorName: 'AWS', name } },
          visibilityConfig: seenAs(name),
        })),
      ],
    })
    const distribution = new Distribution(this, 'Distribution', {
      comment: `Flow Vault ${stage}`,
      domainNames: [edge.name],
      certificate: Certificate.fromCertificateArn(this, 'Certificate', edge.certificateArn),
      minimumProtocolVersion: SecurityPolicyProtocol.TLS_V1_2_2021,
      webAclId: firewall.attrArn,
      defaultBehavior: {
        origin: new HttpOrigin(origin, { protocolPolicy: OriginProtocolPolicy.HTTPS_ONLY }),
        allowedMethods: AllowedMethods.ALLOW_ALL,
        // Answers are `no-store`, and depend on who asks.
        cachePolicy: CachePolicy.CACHING_DISABLED,
        originRequestPolicy: OriginRequestPolicy.ALL_VIEWER_EXCEPT_HOST_HEADER,
        viewerProtocolPolicy: ViewerProtocolPolicy.HTTPS_ONLY,
      },
    })
    new CfnOutput(this, 'EdgeTarget', { value: distribution.distributionDomainName })
  }
}

function seenAs(metricName: string): CfnWebACL.VisibilityConfigProperty {
  return { cloudWatchMetricsEnabled: true, metricName, sampledRequestsEnabled: false }
}
