import { generateKeyPairSync } from 'node:crypto'
import { CONNECTORS } from '../../shared/connectors/catalogue.ts'
import type { Field, Setup } from '../../shared/connectors/connector.ts'
import type { JsonValue } from '../../shared/domain/json.ts'
import { NOWHERE } from './auth0-setups.ts'
import type { Canaries } from './canary.ts'

/** What a value must look like besides its format, for the setup to be accepted. */
const SHAPES: Readonly<Record<string, (canary: string) => string>> = {
  'MAILCHIMP secret_key': (canary) => `${canary}-us21`,
  'TELEGRAM token': (canary) => `123456:${canary}`,
}

/** The members that keep the last two apps' setups, which are not in Auth0's list, from calling out. */
const OURS_NOWHERE: Readonly<Record<string, string>> = {
  authorization_url: 'https://idp.invalid/authorize',
  token_url: 'https://idp.invalid/token',
}

/** Every setup of every app with a canary in each secret field, also those that the example leaves out. */
export function plantedSetups(
  canaries: Canaries,
): { appId: string; type: string; values: Record<string, JsonValue> }[] {
  return CONNECTORS.flatMap(({ appId, setups }) =>
    setups.map((setup) => ({ appId, type: setup.type, values: plant(appId, setup, canaries) })),
  )
}

function plant(appId: string, setup: Setup, canaries: Canaries): Record<string, JsonValue> {
  const values: Record<string, JsonValue> = { ...setup.example, ...NOWHERE[`${appId} ${setup.type}`] }
  for (const [name, value] of Object.entries(OURS_NOWHERE)) if (name in values) values[name] = value
  for (const field of setup.fields) {
    if (field.secret && isShown(field, values))
      values[field.name] = plantedValue(appId, field, setup, canaries.next())
  }
  // Members that are not declared are kept with the setup, and count as secret.
  if (setup.additionalProperties) values['undeclared'] = canaries.next()
  return values
}

/** A key that signs, with the canary among its attributes (RFC 5958 §2), on one line where a search finds it. */
function keyWith(canary: string): string {
  const element = (tag: number, ...parts: Uint8Array[]) =>
    Buffer.concat([Buffer.from([tag, Buffer.concat(parts).length]), ...parts])
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  // What follows the head of the outer sequence, whose length takes two bytes.
  const members = privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(4)
  const name = element(0x06, Buffer.from([0x2a, 0x03, 0x04]))
  const attributes = element(0xa0, element(0x30, name, element(0x31, element(0x0c, Buffer.from(canary)))))
  const length = members.length + attributes.length
  const head = Buffer.from([0x30, 0x82, length >> 8, length & 0xff])
  const line = Buffer.concat([head, members, attributes]).toString('base64')
  return `-----BEGIN PRIVATE KEY-----\n${line}\n-----END PRIVATE KEY-----\n`
}

/** A field for another way of authentication than the setup's own has no place in it. */
function isShown({ shownWhen }: Field, values: Readonly<Record<string, JsonValue>>): boolean {
  return shownWhen === undefined || shownWhen.values.includes(String(values[shownWhen.field]))
}

function plantedValue(appId: string, field: Field, setup: Setup, canary: string): JsonValue {
  const shape = SHAPES[`${appId} ${field.name}`]
  if (shape !== undefined) return shape(canary)
  switch (field.format) {
    case 'https-url':
      return `${String(setup.example[field.name])}/${canary}`
    case 'pem-private-key':
      if (field.signs !== undefined) return keyWith(canary)
      return `-----BEGIN PRIVATE KEY-----\n${canary}\n-----END PRIVATE KEY-----\n`
    case 'parameters':
      return { planted: canary }
    case 'named-values':
      return [
        { name: 'HANDED_OVER', value: `${canary} "\\ é` },
        { name: 'IN_A_HEADER', value: canary, in: 'HEADER', as: 'X-Api-Key' },
        { name: 'IN_A_QUERY', value: canary, in: 'QUERY', as: 'key' },
      ]
    case 'text':
      return `${canary} "\\ é+/=?&`
    default:
      return canary
  }
}
