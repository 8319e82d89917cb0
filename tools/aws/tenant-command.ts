import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { KMSClient } from '@aws-sdk/client-kms'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import * as z from 'zod/mini'
import { ENV, present } from '../../functions/config.ts'
import { tenantKeyRuleName } from '../../infra/constructs/key-watch.ts'
import { type DeploymentSettings, readStage } from '../../infra/stage-file.ts'
import { isSameKey } from '../../shared/adapters/kms/kms-key-wrapper.ts'
import { SystemClock } from '../../shared/adapters/system/system-clock.ts'
import { TENANT } from '../../shared/settings/setting-formats.ts'
import { needed, runTool, ToolError, UsageError } from '../tool-command.ts'
import { type DeployedStage, openStage } from './deployed-stage.ts'
import {
  keysOfOtherSecrets,
  keysOfOthers,
  keysToDelete,
  stopWatching,
  UNDER_IT_TOO,
} from './keys-to-delete.ts'
import { countByKey, moveSecrets, moveTenant } from './move-tenant-key.ts'
import { findTenants, hasAnythingOf, removeFound, type TenantCounts, whatStays } from './remove-tenant.ts'
import {
  findKey,
  noteWhole,
  scheduleDeletion,
  type TenantKey,
  waitingDays,
  wordsOfDeletion,
  wordsOfFormerKey,
} from './tenant-key.ts'

/*
 * `npm run tenant -- remove`: everything of a tenant, without a way back, its own key too where it has one.
 * `npm run tenant -- key`: has all of a tenant sealed under the key that the stage gives it.
 */

const USAGE = `Usage:
  npm run -s tenant -- remove --stage STAGE --tenant TENANT             counts, and changes nothing
  npm run -s tenant -- remove --stage STAGE --tenant TENANT --destroy   removes; run it again when it was stopped
  npm run -s tenant -- key --stage STAGE --tenant TENANT                counts what is sealed, by its keys
  npm run -s tenant -- key --stage STAGE --tenant TENANT --go           wraps all of it by the key of the stage file
Options: --stages FOLDER (stages). --key-days DAYS (30): how long KMS waits before it deletes the tenant's own key,
7 to 30. Both read the whole table, at $0.125 a million items of up to 4 KB. Before remove, take the tenant's clients
from its issuer, or they make new connections meanwhile; before key, deploy the stage, and wait five minutes.`

interface Asked {
  readonly settings: DeploymentSettings
  readonly stores: DeployedStage
  readonly tenant: string
  readonly clock: SystemClock
  say(line: string): void
}

await runTool(
  USAGE,
  { options: ['stage', 'stages', 'tenant', 'key-days'], flags: ['destroy', 'go'], words: true },
  async ({ values, flags, positionals, env, say }) => {
    const word = positionals.join(' ')
    if (word !== 'remove' && word !== 'key') throw new UsageError('Allowed: remove, key.')
    const [stage, tenant] = [needed(values, 'stage'), needed(values, 'tenant')]
    if (!z.safeParse(TENANT.schema, tenant).success)
      throw new UsageError(`--tenant ${JSON.stringify(tenant)} is none. Allowed: ${TENANT.allowed}.`)
    const days = waitingDays(values['key-days'])
    const settings = readStage(values.stages ?? 'stages', stage, env['AWS_ENDPOINT_URL'])
    const stores = await openStage(stage)
    const asked = { settings, stores, tenant, clock: new SystemClock(), say }
    if (word === 'key') return wrapByKey(asked, { isDry: !flags.has('go') })
    return remove(asked, { isDry: !flags.has('destroy'), days })
  },
)

async function remove(
  { settings, stores, tenant, clock, say }: Asked,
  { isDry, days }: { readonly isDry: boolean; readonly days: number },
): Promise<number> {
  const counts = await findTenants(stores, new Set([tenant]), say)
  const kms = new KMSClient({})
  // Also where it is to be destroyed: who may not look at keys is told so while all of it is there.
  const before = await keysOfRemoved(kms, { stores, tenant }, counts)
  const what = `${counts.rows} rows, ${counts.tokens} sealed tokens and ${counts.secrets} secrets of ${tenant}`
  if (isDry) {
    for (const { arn, why } of before.stays) say(`Some of it may be under ${arn}. That key stays: ${why}.`)
    say(`${what} would be removed. With --destroy they are, without a way back.`)
    for (const { arn } of before.mine) say(`Its key ${arn} would be deleted by KMS ${days} days later.`)
    return 0
  }
  await removeFound(stores, counts, { tell: say })
  if (await hasAnythingOf(stores.items, tenant))
    throw new ToolError(
      `Removed ${what}, and new ones came meanwhile: take its clients away, and run this again.`,
    )
  say(`Removed ${what}. Nothing of it is left in the table or the secret store.\n`)
  const nowMs = clock.nowMs()
  // What the alias of another tenant leads to by now is needed, whatever it led to when this began.
  const { mine, stays } = await keysOfRemoved(kms, { stores, tenant }, counts)
  for (const { arn, why } of stays) say(`Some of it may be under ${arn}. That key stays: ${why}.`)
  const keepDays = settings.backup?.keepDays
  for (const line of whatStays({ nowMs, keepDays, hasKey: isAllUnder(mine, counts.keyIds) })) say(line)
  const ruleName = tenantKeyRuleName(settings.stage, tenant)
  if (mine.length > 0) await stopWatching(new EventBridgeClient({}), ruleName)
  for (const key of mine) {
    const goneAtMs = await scheduleDeletion((region) => new KMSClient({ region }), key, { days, nowMs })
    for (const line of wordsOfDeletion(key, { goneAtMs, ruleName })) say(line)
  }
  if (settings.tenantKeys.includes(tenant))
    say(`Take ${tenant} out of tenantKeys in the stage file before the next deployment.`)
  return 0
}

async function keysOfRemoved(
  kms: KMSClient,
  { stores: { config, kind }, tenant }: Pick<Asked, 'stores' | 'tenant'>,
  { keyIds, keyIdsOfOthers }: Pick<TenantCounts, 'keyIds' | 'keyIdsOfOthers'>,
): ReturnType<typeof keysToDelete> {
  const deployment = present(config.deploymentId, ENV.deploymentId)
  const ofSecrets =
    kind === 'sealed' ? [] : await keysOfOtherSecrets(new SecretsManagerClient({}), { deployment, tenant })
  return keysToDelete(kms, { config, tenant, keyIds, keyIdsOfOthers: [...keyIdsOfOthers, ...ofSecrets] })
}

/** Whether these keys, and no others, wrap what was there; of what an earlier run removed nothing is known. */
function isAllUnder(keys: readonly TenantKey[], keyIds: readonly string[]): boolean {
  return (
    keys.length > 0 && keyIds.length > 0 && keyIds.every((id) => keys.some(({ arn }) => isSameKey(id, arn)))
  )
}

async function wrapByKey(
  { settings, stores, tenant, clock, say }: Asked,
  { isDry }: { readonly isDry: boolean },
): Promise<number> {
  const { items, keys, secrets, kind, config } = stores
  if (settings.tenantKeys.includes(tenant) !== config.tenantKeys.includes(tenant))
    throw new ToolError(
      'The stage file says another thing of this tenant than what is deployed: deploy it first.',
    )
  const keyArn = await keys.keyArnOf(tenant)
  const isOwn = config.tenantKeys.includes(tenant)
  const of = `${isOwn ? 'its own key' : 'the shared key'} ${keyArn}`
  const before = await countByKey(items, tenant, keyArn)
  say(`${before.current} sealed items of ${tenant} are under ${of}, ${before.other} under another.`)
  for (const other of before.otherKeys) say(`  another: ${other}`)
  const client = new SecretsManagerClient({})
  const toSecrets = { tenant, keyArn, isDry }
  const changed = kind === 'sealed' ? 0 : await moveSecrets({ secrets, client }, toSecrets, say)
  if (isDry) {
    if (kind !== 'sealed') say(`${changed} secrets are under another.`)
    say('With --go all of it is put under that key. Functions go on meanwhile.')
    return 0
  }
  const { moved, wholeAtMs, failed } = await moveTenant({ items, keys, clock }, { tenant, keyArn }, say)
  if (kind !== 'sealed')
    say(`${changed} secrets take it from now on; what they hold now may need the key before.`)
  if (wholeAtMs === undefined) {
    const why =
      failed > 0
        ? `${failed} items do not open: docs/runbook.md, key-state`
        : 'functions still seal under another'
    throw new ToolError(`${moved} items were moved, and not all: ${why}. Run this again.`)
  }
  const kms = new KMSClient({})
  const others = await keysOfOthers(kms, { config, tenant, keyIdsOfOthers: before.keyIdsOfOthers })
  for (const arn of before.otherKeys) {
    if ((await findKey(kms, arn))?.tenant !== tenant) continue
    const isNeeded = others.some((id) => isSameKey(id, arn))
    say(isNeeded ? `${arn} stays: ${UNDER_IT_TOO}.` : wordsOfFormerKey(arn, kind))
  }
  if (isOwn) await noteWhole(kms, keyArn, wholeAtMs)
  say(`${moved} items were moved, the last one too: all that is sealed of ${tenant} is under ${of}.`)
  say('Copies of the table from before hold it under the key of then, for as long as they are kept.')
  return 0
}
