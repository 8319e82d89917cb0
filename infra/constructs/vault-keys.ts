import { RemovalPolicy } from 'aws-cdk-lib'
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms'
import { Construct } from 'constructs'

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
