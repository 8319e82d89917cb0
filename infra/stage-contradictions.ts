import type * as z from 'zod'
import { missing, refusal } from '../shared/settings/read-environment.ts'
import type { STAGE_SCHEMA } from './stage-schema.ts'

type Stage = z.output<typeof STAGE_SCHEMA>
/** A member by its path, and what the file says there. */
type Said = readonly [member: string, value: string]

/** CloudFront takes certificates of this Region alone (CloudFront developer guide, requirements for certificates). */
const CLOUDFRONT_REGION = 'us-east-1'
/** What a tag may be called and say (Tagging guide, naming limits); `aws:` is AWS's, `flow-vault:` the vault's own. */
const TAG_KEY = /^(?!aws:|flow-vault:)[\p{L}\p{Z}\p{N}_.:/=+\-@]{1,128}$/iu
const TAG_VALUE = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u
const TAG_CHARACTERS = 'letters, digits, blanks and _.:/=+-@'
/** A resource has 50, of which the vault sets two. */
const MAX_TAGS = 48

/** Two each of the 200 outputs that a stack has, for the rules over them (CloudFormation quotas); it has others. */
export const MAX_TENANT_KEYS = 80
/** Functions are told the names in a variable, and Lambda gives all variables of one 4 KB together. */
const MAX_TENANT_KEY_CHARACTERS = 2000

/**
 * What members of a stage file, each right by itself, have against each other or against how AWS works: a line for
 * each, with the member, its value and what is allowed.
 */
export function contradictionsIn(stage: Stage): string[] {
  return [
    ...namesThatClash(stage),
    ...tenantKeysThatFail(stage),
    ...placesThatDiffer(stage),
    ...tagsThatFail(stage.tags),
  ]
}

/** The Region that a stage has to be deployed to, because what it names is there; undefined where that may be any. */
export function regionOfStage(stage: Pick<Stage, 'domain' | 'alarms' | 'adopt'>): string | undefined {
  const [first] = ofItsRegion(stage)
  return first === undefined ? undefined : regionOf(first[1])
}

function namesThatClash({ edge, domain, web, publicUrl, adopt }: Stage): string[] {
  const lines: string[] = []
  if (edge !== undefined && domain === undefined)
    lines.push(missing('domain', 'the name by which edge finds the API'))
  const reached = web?.domain ?? edge ?? domain
  if (publicUrl !== undefined && reached !== undefined)
    lines.push(
      refusal('publicUrl', publicUrl, `nothing, because browsers reach this stage at ${reached.name}`),
    )
  const names = said({
    'domain.name': domain?.name,
    'edge.name': edge?.name,
    'web.domain.name': web?.domain?.name,
  })
  for (const [index, [member, name]] of names.entries()) {
    const first = names.slice(0, index).find(([, other]) => other === name)
    if (first !== undefined) lines.push(refusal(member, name, `another name than that of ${first[0]}`))
  }
  if (adopt !== undefined && adopt.wrappingKeyArn === adopt.digestKeyArn) {
    const allowed = 'another key than adopt.wrappingKeyArn: one encrypts, the other makes digests'
    lines.push(refusal('adopt.digestKeyArn', adopt.digestKeyArn, allowed))
  }
  return lines
}

function tenantKeysThatFail({ tenantKeys, adopt }: Stage): string[] {
  const lines: string[] = []
  const characters = tenantKeys.join(',').length
  const allowed = `at most ${MAX_TENANT_KEYS} tenants, whose names have ${MAX_TENANT_KEY_CHARACTERS} characters together`
  if (tenantKeys.length > MAX_TENANT_KEYS || characters > MAX_TENANT_KEY_CHARACTERS)
    lines.push(refusal('tenantKeys', `${tenantKeys.length} tenants of ${characters} characters`, allowed))
  for (const [index, tenant] of tenantKeys.entries())
    if (tenantKeys.indexOf(tenant) !== index)
      lines.push(refusal(`tenantKeys.${index}`, tenant, 'each tenant once'))
  const used = new Set([adopt?.wrappingKeyArn, adopt?.digestKeyArn])
  for (const [tenant, arn] of adopt?.tenantKeyArns ?? []) {
    const member = `adopt.tenantKeyArns.${tenant}`
    if (!tenantKeys.includes(tenant)) lines.push(refusal(member, arn, 'tenants that tenantKeys names'))
    if (used.has(arn)) lines.push(refusal(member, arn, 'a key that nothing else is wrapped by'))
    used.add(arn)
  }
  return lines
}

function placesThatDiffer(stage: Stage): string[] {
  const { edge, web } = stage
  const ofCloudFront = said({
    'edge.certificateArn': edge?.certificateArn,
    'web.domain.certificateArn': web?.domain?.certificateArn,
  }).filter(([, arn]) => regionOf(arn) !== CLOUDFRONT_REGION)
  const [first, ...others] = ofItsRegion(stage)
  const elsewhere = others.filter(([, arn]) => first !== undefined && regionOf(arn) !== regionOf(first[1]))
  return [
    ...ofCloudFront.map(([member, arn]) =>
      refusal(member, arn, `a certificate of ${CLOUDFRONT_REGION}, where CloudFront looks`),
    ),
    ...elsewhere.map(([member, arn]) =>
      refusal(member, arn, `one of ${regionOf(first![1])}, where ${first![0]} is`),
    ),
  ]
}

/** What has to be in the Region of the stage. */
function ofItsRegion({ domain, alarms, adopt }: Pick<Stage, 'domain' | 'alarms' | 'adopt'>): Said[] {
  return said({
    'domain.certificateArn': domain?.certificateArn,
    'alarms.topicArn': alarms.topicArn,
    'adopt.wrappingKeyArn': adopt?.wrappingKeyArn,
    'adopt.digestKeyArn': adopt?.digestKeyArn,
    ...Object.fromEntries(
      Array.from(adopt?.tenantKeyArns ?? [], ([tenant, arn]) => [`adopt.tenantKeyArns.${tenant}`, arn]),
    ),
  })
}

function said(members: Readonly<Record<string, string | undefined>>): Said[] {
  return Object.entries(members).flatMap(([member, value]): Said[] =>
    value === undefined ? [] : [[member, value]],
  )
}

/** `arn:partition:service:region:account:…` */
function regionOf(arn: string): string {
  return arn.split(':')[3] ?? ''
}

function tagsThatFail(tags: Stage['tags']): string[] {
  const entries = Object.entries(tags)
  const key = `1 to 128 ${TAG_CHARACTERS}, beginning with neither aws: nor flow-vault:`
  return [
    ...(entries.length > MAX_TAGS ? [refusal('tags', `${entries.length} tags`, `at most ${MAX_TAGS}`)] : []),
    ...entries.flatMap(([name]) => (TAG_KEY.test(name) ? [] : [refusal('the name of a tag', name, key)])),
    ...entries.flatMap(([name, value]) =>
      TAG_VALUE.test(value) ? [] : [refusal(`tags.${name}`, value, TAG_CHARACTERS)],
    ),
  ]
}
