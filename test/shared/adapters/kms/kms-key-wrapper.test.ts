import type { KMSClient } from '@aws-sdk/client-kms'
import { tenantAliases } from '../../../../shared/adapters/kms/key-names.ts'
import {
  ALIAS_MAX_AGE_MS,
  isSameKey,
  KmsKeyWrapper,
} from '../../../../shared/adapters/kms/kms-key-wrapper.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

const arn = (id: string, region = 'us-east-1') => `arn:aws:kms:${region}:123456789012:key/${id}`
const SHARED = arn('mrk-0000000000000000000000000000000a')
const OWN = arn('mrk-0000000000000000000000000000000b')
const ALIAS = 'alias/flow-vault-prod/acme'
const context = (tenant: string) => ({ tenant, owner: 'ac_1', part: 'access', mark: 'm1' }) as const

/** Answers as KMS does: by the ARN of the key, also when it was asked for by an alias. */
function scriptedKms() {
  let own = OWN
  const asked: [call: string, key: string | undefined][] = []
  const send = async (command: { constructor: { name: string }; input: Record<string, string> }) => {
    const { KeyId, SourceKeyId, DestinationKeyId } = command.input
    asked.push([
      command.constructor.name.replace('Command', ''),
      KeyId ?? `${SourceKeyId} > ${DestinationKeyId}`,
    ])
    const KeyArn = KeyId === ALIAS ? own : KeyId
    return {
      KeyId: KeyArn,
      KeyMetadata: { Arn: KeyArn },
      Plaintext: new Uint8Array(32),
      CiphertextBlob: new Uint8Array(8),
    }
  }
  const lead = (to: string) => (own = to)
  return { asked, lead, client: { send } as unknown as Pick<KMSClient, 'send'> }
}

function wrapperIn(region = 'us-east-1') {
  const { asked, client, lead } = scriptedKms()
  const clock = new ManualClock()
  const aliases = tenantAliases({ deployment: 'prod', tenantKeys: ['acme'] })
  const keyArn = SHARED.replace('us-east-1', region)
  return { asked, lead, clock, wrapper: new KmsKeyWrapper({ client, clock, keyArn, tenantAliases: aliases }) }
}

describe('KmsKeyWrapper with keys of single tenants', () => {
  it("wraps by a tenant's own key, notes which it was, and wraps all others by the shared one", async () => {
    const { asked, wrapper } = wrapperIn()
    expect((await wrapper.generateDataKey(context('acme'))).key.keyId).toBe(OWN)
    expect((await wrapper.generateDataKey(context('acme2'))).key.keyId).toBe(SHARED)
    expect(asked).toEqual([
      ['GenerateDataKey', ALIAS],
      ['GenerateDataKey', SHARED],
    ])
  })

  it('opens by the key that wrapped it, whatever key the tenant has today', async () => {
    const { asked, wrapper } = wrapperIn()
    await wrapper.unwrap({ keyId: SHARED, wrapped: 'AAAA' }, context('acme'))
    await wrapper.unwrap({ keyId: OWN, wrapped: 'AAAA' }, context('globex'))
    expect(asked).toEqual([
      ['Decrypt', SHARED],
      ['Decrypt', OWN],
    ])
  })

  it("moves to the tenant's key and back to the shared one, and asks for an alias once", async () => {
    const { asked, wrapper } = wrapperIn()
    expect(await wrapper.rewrap({ keyId: SHARED, wrapped: 'AAAA' }, context('acme'))).toMatchObject({
      keyId: OWN,
    })
    expect(await wrapper.rewrap({ keyId: OWN, wrapped: 'AAAA' }, context('globex'))).toMatchObject({
      keyId: SHARED,
    })
    const own = { keyId: OWN, wrapped: 'AAAA' }
    expect(await wrapper.rewrap(own, context('acme'))).toBe(own)
    expect(asked).toEqual([
      ['DescribeKey', ALIAS],
      ['ReEncrypt', `${SHARED} > ${OWN}`],
      ['ReEncrypt', `${OWN} > ${SHARED}`],
    ])
  })

  it('follows an alias that leads to another key within a minute', async () => {
    const { asked, lead, clock, wrapper } = wrapperIn()
    expect(await wrapper.keyArnOf('acme')).toBe(OWN)
    const another = arn('mrk-0000000000000000000000000000000c')
    lead(another)
    await clock.advance(ALIAS_MAX_AGE_MS - 1)
    expect(await wrapper.keyArnOf('acme')).toBe(OWN)
    await clock.advance(1)
    expect(await wrapper.keyArnOf('acme')).toBe(another)
    expect(asked).toEqual([
      ['DescribeKey', ALIAS],
      ['DescribeKey', ALIAS],
    ])
  })

  it('opens by the replica of its own Region what a multi-Region key wrapped in another', async () => {
    const { asked, wrapper } = wrapperIn('eu-west-1')
    await wrapper.unwrap({ keyId: OWN, wrapped: 'AAAA' }, context('acme'))
    const single = arn('11111111-2222-3333-4444-555555555555')
    await wrapper.unwrap({ keyId: single, wrapped: 'AAAA' }, context('acme'))
    const shared = { keyId: SHARED, wrapped: 'AAAA' }
    expect(await wrapper.rewrap(shared, context('globex'))).toBe(shared)
    expect(asked).toEqual([
      ['Decrypt', OWN.replace('us-east-1', 'eu-west-1')],
      // A key of one Region has no replica: KMS says that it does not know it.
      ['Decrypt', single],
    ])
  })
})

describe('isSameKey', () => {
  it('holds for replicas of one key, and for no two others', () => {
    expect(isSameKey(OWN, OWN.replace('us-east-1', 'eu-west-1'))).toBe(true)
    expect(isSameKey(OWN, SHARED)).toBe(false)
    expect(isSameKey(arn('a'), arn('a', 'eu-west-1'))).toBe(false)
  })
})
