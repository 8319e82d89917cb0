import { RemovalPolicy, Tags } from 'aws-cdk-lib'
import { Alias, type IKey, Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms'
import { Construct } from 'constructs'
import { TENANT_TAG, tenantKeyAlias } from '../../shared/adapters/kms/key-names.ts'

/**
 * The two keys of a deployment: one encrypts secrets, the other makes the digests by which setups are compared.
 * Both outlive the stack, because without them nothing stored can be read or compared again.
 */
export class Keys extends Construct {
  readonly wrappingKey: Key
  readonly digestKey: Key

  constructor(scope: Construct, id: string, props: { readonly stage: string }) {
    super(scope, id)
    this.wrappingKey = new Key(this, 'Wrapping', {
      description: `Flow Vault ${props.stage}: encrypts secrets`,
      enableKeyRotation: true,
      // Cannot be changed later, and without it nothing sealed can be read in another Region.
      multiRegion: true,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    this.digestKey = new Key(this, 'Digest', {
      description: `Flow Vault ${props.stage}: keyed digests`,
      // KMS does not rotate HMAC keys, and a digest made by another key would not compare.
      keySpec: KeySpec.HMAC_256,
      keyUsage: KeyUsage.GENERATE_VERIFY_MAC,
      multiRegion: true,
      removalPolicy: RemovalPolicy.RETAIN,
    })
  }
}

/**
 * The keys of tenants that have one of their own: new ones, which outlive stack and stage file as the shared ones do, or
 * those that are adopted. An alias leads functions to the one to wrap by, so that no stack has to import it, which
 * CloudFormation would never let go again; what was wrapped is opened by any key with the tag of the deployment.
 */
export class TenantKeys extends Construct {
  readonly byTenant: ReadonlyMap<string, IKey>

  constructor(
    scope: Construct,
    id: string,
    props: {
      readonly stage: string
      readonly tenants: readonly string[]
      readonly adopted: ReadonlyMap<string, string>
    },
  ) {
    super(scope, id)
    const { stage, tenants, adopted } = props
    this.byTenant = new Map(
      tenants.map((tenant) => {
        const arn = adopted.get(tenant)
        const key =
          arn === undefined ? this.#made(stage, tenant) : Key.fromKeyArn(this, `Adopted-${tenant}`, arn)
        new Alias(this, `Alias-${tenant}`, { aliasName: tenantKeyAlias(stage, tenant), targetKey: key })
        return [tenant, key]
      }),
    )
  }

  #made(stage: string, tenant: string): IKey {
    const key = new Key(this, `Key-${tenant}`, {
      description: `Flow Vault ${stage}: encrypts what belongs to the tenant ${tenant}`,
      enableKeyRotation: true,
      multiRegion: true,
      removalPolicy: RemovalPolicy.RETAIN,
    })
    Tags.of(key).add(TENANT_TAG, tenant)
    return key
  }
}
