import { type AwsCall, awsCallsOf } from './aws-call.ts'
import type { RecordedRequest } from './recording-proxy.ts'
import { allows, type Permission } from './role-policy.ts'

/** What a run asked AWS for, against what the roles allow; each list of lines is sorted and without repetition. */
export interface CallReport {
  /** `function action resource: times`, the names of secrets left out. */
  readonly made: readonly string[]
  /** Calls that the role of their function does not allow, with what their conditions would have been judged by. */
  readonly notAllowed: readonly string[]
  /** Permissions that no call needed. */
  readonly unused: readonly string[]
  /** Permissions that no call of the function itself can need, and who does. */
  readonly usedByOthers: readonly string[]
}

/** A KMS key as IAM knows it, whatever a request called it. */
export interface KnownKey {
  readonly arn: string
  readonly tags: AwsCall['conditionKeys']
}

/** Judges every request by the permissions of its function, which `permissions` has by the function's name; `keys` by every name that a key has. */
export function reportCalls(
  requests: readonly RecordedRequest[],
  permissions: ReadonlyMap<string, readonly Permission[]>,
  keys: ReadonlyMap<string, KnownKey> = new Map(),
): CallReport {
  const made = new Map<string, number>()
  const notAllowed = new Set<string>()
  const used = new Set<Permission>()
  for (const call of withResourceTags(requests.flatMap(awsCallsOf), keys)) {
    const line = `${call.caller || '(no app id)'} ${call.action} ${call.resource}`
    const counted = line.replace(/(:secret:).*/, '$1…')
    made.set(counted, (made.get(counted) ?? 0) + 1)
    const allowing = (permissions.get(call.caller) ?? []).filter((permission) => allows(permission, call))
    if (allowing.length === 0) notAllowed.add(`${line}${keysOf(call)}`)
    for (const permission of allowing) used.add(permission)
  }
  const idle = [...permissions].flatMap(([name, all]) =>
    all
      .filter((permission) => !used.has(permission))
      .map((permission) => ({ line: `${name} ${describe(permission)}`, user: otherUser(permission, all) })),
  )
  return {
    made: [...made].map(([line, times]) => `${line}: ${times}`).sort(),
    notAllowed: [...notAllowed].sort(),
    unused: lines(idle.filter(({ user }) => user === undefined)),
    usedByOthers: lines(idle.filter(({ user }) => user !== undefined)),
  }
}

/**
 * The calls, those on a secret with the tags that it was made with and those on a key with its own: IAM judges by them, and
 * no request names them.
 */
function withResourceTags(calls: readonly AwsCall[], keys: ReadonlyMap<string, KnownKey>): AwsCall[] {
  const tags = new Map<string, AwsCall['conditionKeys']>()
  return calls.map((call) => {
    const key = keys.get(call.resource)
    if (key !== undefined)
      return { ...call, resource: key.arn, conditionKeys: { ...key.tags, ...call.conditionKeys } }
    if (!call.action.startsWith('secretsmanager:')) return call
    // Secrets Manager adds six characters to a name, which a request by name does not know.
    const secret = call.resource.replace(/-[A-Za-z0-9]{6}$/, '')
    if (call.action === 'secretsmanager:CreateSecret') {
      const made = Object.entries(call.conditionKeys)
      tags.set(
        secret,
        Object.fromEntries(made.map(([key, value]) => [key.replace('Request', 'Resource'), value])),
      )
    }
    return { ...call, conditionKeys: { ...tags.get(secret), ...call.conditionKeys } }
  })
}

function lines(idle: readonly { readonly line: string; readonly user: string | undefined }[]): string[] {
  return [...new Set(idle.map(({ line, user }) => (user === undefined ? line : `${line}: ${user}`)))].sort()
}

function keysOf({ conditionKeys }: AwsCall): string {
  return Object.keys(conditionKeys).length === 0 ? '' : ` with ${JSON.stringify(conditionKeys)}`
}

function describe({ action, resource, conditions }: Permission): string {
  const when = Object.keys(conditions).length === 0 ? '' : ` when ${JSON.stringify(conditions)}`
  return `${action} ${resource}${when}`
}

/** Who uses a permission that no request of the function itself can show; undefined when the function would. */
function otherUser(permission: Permission, all: readonly Permission[]): string | undefined {
  const { action, resource, conditions } = permission
  if (/^(logs|xray):/.test(action)) return 'the Lambda service, for logs and traces'
  if (action.startsWith('kms:') && JSON.stringify(conditions).includes('"kms:ViaService"'))
    return 'Secrets Manager, in the name of the function'
  if (action === 'sqs:SendMessage' && resource.includes('DeadLetters'))
    return 'the Lambda service, for events that failed'
  if (resource.includes('/stream/')) return 'the Lambda service, which reads the stream'
  const isWorker = all.some((one) => one.action === 'sqs:ReceiveMessage')
  return isWorker && POLLED.includes(action) ? 'the Lambda service, which reads the queue' : undefined
}

/** What an event source mapping needs of the role (Lambda developer guide, SQS). */
const POLLED = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes']
