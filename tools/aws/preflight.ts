import { regionOfStage } from '../../infra/stage-contradictions.ts'
import type { DeploymentSettings } from '../../infra/stage-file.ts'
import { DEPLOYMENT_TAG, TENANT_TAG } from '../../shared/adapters/kms/key-names.ts'
import { FULL_TURNS_INSTANCES } from '../../shared/use-cases/neighbours/call-turns.ts'
import { tellTenantKeysCost } from '../capacity/idle-cost.ts'

/** What a check found: `failed` would break the deployment, `warning` its use; `unknown` could not be looked at. */
export interface Finding {
  readonly outcome: 'ok' | 'warning' | 'failed' | 'unknown'
  readonly words: string
}

/** Of an account and Region, as Lambda tells it. */
export interface ConcurrencyLimits {
  readonly all: number
  readonly unreserved: number
}

/** A new account has 10, of which Lambda lets nothing be set apart; others keep 100 (Lambda developer guide). */
const NEW_ACCOUNT_CONCURRENCY = 10
const KEPT_UNRESERVED = 100
/** Freezes have two instances of their own; sweep, reconcile and whoever answers HTTP need one each at the least. */
const OTHER_INSTANCES = 6

/**
 * Whether functions may use a key that the stage adopts for a tenant, by its tags, which KMS copies to no replica: roles
 * know it by the deployment's, and whose data it wraps nothing but the tenant's says.
 */
export function judgeAdoptedTenantKey(
  adopted: { readonly arn: string; readonly tenant: string; readonly deploymentId: string | undefined },
  tags: { readonly tenant?: string; readonly deployment?: string },
): Finding {
  const { arn, tenant, deploymentId } = adopted
  const { deployment } = tags
  const wanted = deploymentId ?? 'this deployment, whose id is the output DeploymentId of its data stack'
  if (deployment === undefined || (deploymentId !== undefined && deployment !== deploymentId)) {
    const has = deployment === undefined ? `no tag ${DEPLOYMENT_TAG}` : `the tag of ${deployment}`
    return { outcome: 'failed', words: `${arn} has ${has}: no function may use it. Tag it with ${wanted}` }
  }
  if (tags.tenant !== tenant) {
    const has = tags.tenant === undefined ? `no tag ${TENANT_TAG}` : `the tag of the tenant ${tags.tenant}`
    const words = `${arn} has ${has}: name the key of ${tenant} in adopt.tenantKeyArns, or tag this one with ${tenant} where it is`
    return { outcome: 'failed', words }
  }
  if (deploymentId === undefined) {
    const words = `${arn} has the tag of ${deployment}, and roles accept that of ${wanted} alone: where it is another, set adopt.deploymentId to ${deployment}, or tag the key anew`
    return { outcome: 'warning', words }
  }
  return { outcome: 'ok', words: `${arn} is enabled, of ${tenant}, and of the deployment ${deployment}` }
}

/** Whether the account has the instances that the stage asks for, and the stage knows how many there are. */
export function judgeConcurrency(
  {
    workers,
    instances,
    reservedInstances,
  }: Pick<DeploymentSettings, 'workers' | 'instances' | 'reservedInstances'>,
  { all, unreserved }: ConcurrencyLimits,
): Finding {
  const asked = Object.values(reservedInstances).reduce((sum, one) => sum + (one ?? 0), 0)
  const kept = all <= NEW_ACCOUNT_CONCURRENCY ? all : KEPT_UNRESERVED
  if (asked > 0 && unreserved - asked < kept) {
    return {
      outcome: 'failed',
      words: `the stage sets ${asked} instances apart, and of ${all} the account has ${Math.max(0, unreserved - kept)} to give: leave reservedInstances out, or ask for more "Concurrent executions" in Service Quotas`,
    }
  }
  if (workers + OTHER_INSTANCES > unreserved - asked) {
    return {
      outcome: 'warning',
      words: `${all} instances run at a time in this account: ${workers} workers take nearly all, and callers are throttled under load. Ask for more "Concurrent executions" in Service Quotas, or lower workers`,
    }
  }
  if (instances > all) {
    return {
      outcome: 'warning',
      words: `instances is ${instances}, and the account runs ${all} at a time: one tenant's calls could take them all. Set instances to ${all} at most`,
    }
  }
  if (instances < all && instances < FULL_TURNS_INSTANCES) {
    return {
      outcome: 'warning',
      words: `instances is ${instances}, and the account runs ${all} at a time: tenants get fewer turns for calls to providers than there is room for. Set instances to ${Math.min(all, FULL_TURNS_INSTANCES)}`,
    }
  }
  return { outcome: 'ok', words: `${unreserved} instances are free, ${workers + asked} are asked for` }
}

/** Whether a quota carries what the stage is built to do, by numbers a second. */
export function judgeQuota(name: string, quota: number, need: number): Finding {
  if (need <= quota) return { outcome: 'ok', words: `${name}: ${quota}, at most ${Math.ceil(need)} needed` }
  return {
    outcome: 'warning',
    words: `${name}: ${quota}, and all workers together need ${Math.ceil(need)}: ask for more in Service Quotas, or lower workers`,
  }
}

/** What is known of the keys that single tenants have, or are to have, and of the keys of the account. */
export interface TenantKeyFacts {
  /** Those of the stage file, with the state of the key that is there; undefined for one that a deployment makes. */
  readonly states: readonly (readonly [tenant: string, state: string | undefined])[]
  /** Keys of account and Region, and how many it may have. */
  readonly inAccount: number
  readonly quota: number
}

/** Whether the keys of single tenants are usable, and the new ones have room; with what they cost. */
export function judgeTenantKeys({ states, inAccount, quota }: TenantKeyFacts): Finding {
  const away = states.filter(([, state]) => state !== undefined && state !== 'Enabled')
  if (away.length > 0) {
    const which = away.map(([tenant, state]) => `of ${tenant} is ${state}`).join(', ')
    return {
      outcome: 'failed',
      words: `the key ${which}: what is sealed of these tenants cannot be opened, or take them out of tenantKeys (docs/runbook.md, key-state)`,
    }
  }
  const missing = states.filter(([, state]) => state === undefined).length
  if (inAccount + missing > quota) {
    return {
      outcome: 'failed',
      words: `${missing} keys are to be made, and the account has ${inAccount} of ${quota}: ask for more "Customer Master Keys (CMKs)" in Service Quotas`,
    }
  }
  return {
    outcome: 'ok',
    words: `${states.length} keys, ${missing} of them to be made: ${tellTenantKeysCost(states.length)}`,
  }
}

/** Whether what the stage names is where it would be deployed to. */
export function judgeRegion(
  stage: Pick<DeploymentSettings, 'domain' | 'alarms' | 'adopt'>,
  region: string,
): Finding {
  const needed = regionOfStage(stage)
  if (needed === undefined || needed === region)
    return { outcome: 'ok', words: `nothing that the stage names has to be elsewhere than in ${region}` }
  return {
    outcome: 'failed',
    words: `certificate, topic or keys of the stage are in ${needed}, and AWS_REGION is ${region}: deploy there, or name those of ${region}`,
  }
}

/** Whether the issuer of the stage names itself as the stage does, from its discovery document. */
export function judgeIssuer(issuer: string, document: unknown): Finding {
  const named = (document as { issuer?: unknown } | null)?.issuer
  if (named === issuer) return { outcome: 'ok', words: `${issuer} answers, and names itself so` }
  return {
    outcome: 'failed',
    words: `the discovery document of ${issuer} names ${JSON.stringify(named)}: every token would be refused. Set issuer to that, its last slash included`,
  }
}

/** The line of a finding, and whether the whole may go on. */
export function tellFindings(findings: readonly (readonly [string, Finding])[]): {
  readonly lines: string[]
  readonly mayDeploy: boolean
} {
  const lines = findings.map(([what, { outcome, words }]) => `${outcome.padEnd(8)} ${what}: ${words}`)
  return { lines, mayDeploy: findings.every(([, { outcome }]) => outcome !== 'failed') }
}
