import type { VaultFunctionName } from '../../infra/function-table.ts'
import type { IamRequest } from './policy-evaluator.ts'
import { DEPLOYMENT_ID } from './template-policies.ts'

/** What a request is about, by the names that the template gives things. */
export interface Places {
  readonly table: string
  readonly wrappingKey: string
}

/** A request in words, and what IAM has to say to it. */
export type Asked = readonly [what: string, request: (places: Places) => IamRequest]

const TAG = 'flow-vault:deployment'

const item = (action: string, partition: string): Asked => [
  `${action} of ${partition}`,
  ({ table }) => ({
    action: `dynamodb:${action}`,
    resource: table,
    conditionKeys: { 'dynamodb:LeadingKeys': [partition], 'dynamodb:Attributes': ['pk', 'sk'] },
  }),
]

const secret = (action: string, kind: string, deployment = DEPLOYMENT_ID): Asked => [
  `${action} of kind ${kind}${deployment === DEPLOYMENT_ID ? '' : ' of another deployment'}`,
  () => ({
    action: `secretsmanager:${action}`,
    resource: `arn:aws:secretsmanager:us-east-1:111122223333:secret:flow-vault/${deployment}/${kind}/acme/ac_1/g1-AbCdEf`,
    conditionKeys: { [`aws:ResourceTag/${TAG}`]: [deployment], [`aws:RequestTag/${TAG}`]: [deployment] },
  }),
]

/** A tenant's own key, with the tag of a deployment or with none. */
const ofTenant = (deployment?: string): Omit<IamRequest, 'action'> => ({
  resource: 'arn:aws:kms:us-east-1:111122223333:key/mrk-0123456789abcdef0123456789abcdef',
  conditionKeys: deployment === undefined ? {} : { [`aws:ResourceTag/${TAG}`]: [deployment] },
})

/** The same of the key that is shared, and of the one that a tenant has to itself. */
const byKeys = (
  what: string,
  action: string,
  context: Readonly<Record<string, readonly string[]>>,
): Asked[] => {
  const conditionKeys = { ...context, 'kms:EncryptionContext:tenant': ['acme'] }
  const own = ofTenant(DEPLOYMENT_ID)
  return [
    [what, ({ wrappingKey }) => ({ action, resource: wrappingKey, conditionKeys })],
    [
      `${what} under a tenant's key`,
      () => ({ ...own, action, conditionKeys: { ...own.conditionKeys, ...conditionKeys } }),
    ],
  ]
}

const sealedPart = (action: string, part: string): Asked[] =>
  byKeys(`${action} of a sealed ${part} item`, `kms:${action}`, { 'kms:EncryptionContext:part': [part] })

const sealedSecret = (kind: string): Asked[] =>
  byKeys(`Decrypt of a sealed secret of kind ${kind}`, 'kms:Decrypt', {
    'kms:EncryptionContext:secretId': [`flow-vault/${DEPLOYMENT_ID}/${kind}/acme/ac_1/g1`],
  })

/** What Secrets Manager asks the key for when a caller opens a secret. */
const keyOfSecret = (kind: string): Asked[] =>
  byKeys(`Decrypt, by Secrets Manager, of kind ${kind}`, 'kms:Decrypt', {
    'kms:ViaService': ['secretsmanager.us-east-1.amazonaws.com'],
    'kms:EncryptionContext:SecretARN': [
      `arn:aws:secretsmanager:us-east-1:111122223333:secret:flow-vault/${DEPLOYMENT_ID}/${kind}/acme/ac_1/g1-AbCdEf`,
    ],
  })

const anything = (action: string): Asked => [action, ({ table }) => ({ action, resource: table })]

const ROW = 'TENANT#acme#CONNECTIONS'
const ACCESS = 'ACCESS#acme#ac_1'
const REFRESH = 'REFRESH#acme#ac_1'

/** Of every role. */
export const FORBIDDEN_TO_ALL: readonly Asked[] = [
  ...['iam:PassRole', 'sts:AssumeRole', 'dynamodb:DeleteTable', 'dynamodb:UpdateTable'].map(anything),
  ...[
    'ScheduleKeyDeletion',
    'DisableKey',
    'PutKeyPolicy',
    'CreateGrant',
    'TagResource',
    'UpdateAlias',
  ].flatMap((action) => byKeys(action, `kms:${action}`, {})),
  ...['another deployment', undefined].map((deployment): Asked => {
    const { resource, conditionKeys } = ofTenant(deployment)
    const context = { 'kms:EncryptionContext:part': ['access'] }
    const request = { action: 'kms:Decrypt', resource, conditionKeys: { ...conditionKeys, ...context } }
    return [`Decrypt by a key with the tag of ${deployment ?? 'nobody'}`, () => request]
  }),
  ...byKeys('Decrypt without a context', 'kms:Decrypt', {}),
  ...['s', 'm', 'a', 'w'].map((kind) => secret('GetSecretValue', kind, 'd2')),
  ...['UpdateSecret', 'PutResourcePolicy', 'ReplicateSecretToRegions'].map((action) => secret(action, 's')),
  secret('PutSecretValue', 's', 'd2'),
  secret('DeleteSecret', 's', 'd2'),
]

/** What each role would be of use for to whoever took it over, and may not. */
export const FORBIDDEN: Readonly<Partial<Record<VaultFunctionName, readonly Asked[]>>> = {
  api: [
    ...['s', 'm', 'a', 'w'].map((kind) => secret('GetSecretValue', kind)),
    ...['s', 'm', 'a', 'w'].flatMap(keyOfSecret),
    ...sealedPart('Decrypt', 'access'),
    ...sealedPart('Decrypt', 'refresh'),
    item('GetItem', REFRESH),
    item('GetItem', ACCESS),
  ],
  credentials: [
    ...['m', 'a', 'w'].map((kind) => secret('GetSecretValue', kind)),
    ...['m', 'a', 'w'].flatMap(keyOfSecret),
    ...['CreateSecret', 'PutSecretValue', 'DeleteSecret'].map((action) => secret(action, 's')),
    item('GetItem', REFRESH),
    item('PutItem', ROW),
    item('DeleteItem', ROW),
    item('PutItem', ACCESS),
    ...sealedPart('Decrypt', 'refresh'),
    ...sealedPart('GenerateDataKey', 'access'),
  ],
  authorize: [
    ...['s', 'm', 'a', 'w'].map((kind) => secret('GetSecretValue', kind)),
    item('GetItem', ACCESS),
    item('GetItem', REFRESH),
    item('PutItem', ROW),
    ...sealedPart('Decrypt', 'access'),
  ],
  grants: [secret('CreateSecret', 'm'), secret('DeleteSecret', 'm'), secret('GetSecretValue', 'w')],
  rotations: [secret('CreateSecret', 'm'), secret('DeleteSecret', 'm')],
  sweep: [
    ...['s', 'm', 'a', 'w'].map((kind) => secret('GetSecretValue', kind)),
    item('GetItem', ROW),
    item('GetItem', REFRESH),
    ...sealedPart('Decrypt', 'access'),
  ],
  publish: [
    ...['s', 'm', 'a', 'w'].map((kind) => secret('GetSecretValue', kind)),
    item('GetItem', ROW),
    item('GetItem', REFRESH),
  ],
  deliver: [
    ...['s', 'm', 'a'].map((kind) => secret('GetSecretValue', kind)),
    item('GetItem', ACCESS),
    item('GetItem', REFRESH),
    ...sealedPart('Decrypt', 'access'),
  ],
  reconcile: [
    ...['s', 'm', 'a', 'w'].map((kind) => secret('GetSecretValue', kind)),
    secret('CreateSecret', 's'),
    ...sealedPart('Decrypt', 'access'),
    ...sealedPart('Decrypt', 'refresh'),
  ],
}

/** What must go through, or the list above would prove nothing. */
export const NEEDED: Readonly<Partial<Record<VaultFunctionName, readonly Asked[]>>> = {
  api: [secret('CreateSecret', 's'), secret('PutSecretValue', 'm'), item('PutItem', ROW)],
  credentials: [
    secret('GetSecretValue', 's'),
    ...keyOfSecret('s'),
    item('GetItem', ROW),
    item('GetItem', ACCESS),
    ...sealedPart('Decrypt', 'access'),
  ],
  authorize: [item('UpdateItem', 'STATE#x')],
  grants: [
    secret('GetSecretValue', 'm'),
    secret('GetSecretValue', 'a'),
    ...['s', 'm', 'a'].flatMap(keyOfSecret),
    item('PutItem', REFRESH),
    ...sealedPart('Decrypt', 'refresh'),
    ...sealedPart('GenerateDataKey', 'access'),
  ],
  deliver: [secret('GetSecretValue', 'w'), ...keyOfSecret('w')],
  reconcile: [secret('DeleteSecret', 's')],
}

/** What each role opens where the table holds what people enter: in `sealed` stages. */
export const OPENED_SEALED: Readonly<Partial<Record<VaultFunctionName, readonly string[]>>> = {
  credentials: ['s'],
  grants: ['s', 'm', 'a'],
  rotations: ['s', 'm', 'a'],
  deliver: ['w'],
}

/** The request to open a sealed secret of this kind, under either key. */
export const openSealed = sealedSecret
