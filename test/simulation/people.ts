import type { JsonObject } from '../../shared/domain/json.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import { createConnection } from '../../shared/use-cases/connections/create-connection.ts'
import { deleteConnection } from '../../shared/use-cases/connections/delete-connection.ts'
import { rotateNow } from '../../shared/use-cases/connections/rotate-now.ts'
import { updateConnection } from '../../shared/use-cases/connections/update-connection.ts'
import { rejectCredential } from '../../shared/use-cases/fetch/reject-credential.ts'
import {
  createOauthApplication,
  updateOauthApplication,
} from '../../shared/use-cases/oauth-applications/manage-oauth-applications.ts'
import type { SimulatedApp } from './scenario.ts'
import type { World } from './world.ts'

/** A connection as the people of a simulation know it. */
export interface KnownConnection {
  readonly tenant: string
  readonly id: string
  readonly app: SimulatedApp
  setup: JsonObject
  isDeleted: boolean
}

const TENANTS = ['acme', 'globex']

/** What people and deploy tools do to a vault, and flows that complain. */
export class People {
  readonly connections: KnownConnection[] = []
  readonly #world: World
  #names = 0

  constructor(world: World) {
    this.#world = world
  }

  /** Registers the operator's applications and makes the scenario's connections, one in each tenant in turn. */
  async moveIn(): Promise<void> {
    const { machines, scenario } = this.#world
    const ports = this.#world.portsOf(machines[0]!.current)
    for (const tenant of TENANTS) {
      for (const appId of ['SALESFORCE', 'HUBSPOT', 'SLACK', 'DOCUSIGN']) {
        const input = {
          tenant,
          appId,
          name: appId,
          clientId: 'client',
          clientSecret: new SecretText('secret'),
        }
        const { id } = await createOauthApplication(ports, input)
        const clientSecret = new SecretText('another secret')
        if (scenario.secondSecrets) await updateOauthApplication(ports, { tenant, id, clientSecret })
      }
    }
    for (const [index, app] of scenario.apps.entries()) await this.create(TENANTS[index % 2]!, app)
  }

  async create(tenant: string, app: SimulatedApp): Promise<void> {
    const process = this.#world.pickProcess()
    if (process === undefined) return
    const setup = this.#setupFor(app)
    const name = `connection ${++this.#names}`
    const created = await this.#world.attempt('create', () =>
      createConnection(this.#world.portsOf(process), {
        tenant,
        clientId: 'tool',
        name,
        appId: app.appId,
        setup,
      }),
    )
    if (created !== undefined)
      this.connections.push({ tenant, id: created.row.id, app, setup, isDeleted: false })
  }

  /** One thing that somebody does. */
  act(): void {
    const { chance } = this.#world
    const living = this.connections.filter((connection) => !connection.isDeleted)
    if (living.length === 0) return
    const connection = chance.pick(living)
    const process = this.#world.pickProcess()
    if (process === undefined) return
    const ports = this.#world.portsOf(process)
    const { tenant, id } = connection
    const deeds: readonly [number, () => Promise<unknown>][] = [
      [5, () => updateConnection(ports, { tenant, id, name: `name ${++this.#names}` })],
      [5, () => updateConnection(ports, { tenant, id, setup: connection.setup })],
      [2, () => rotateNow(ports, { tenant, id })],
      [2, () => this.#complain(ports, connection)],
      [1, () => this.#replace(connection)],
      [1, () => this.reauthorize(connection)],
      [0.5, () => this.remove(connection)],
      [0.3, () => this.#withdraw(connection)],
      [1, () => this.#startAnew(ports, connection)],
    ]
    const deed = pickByWeight(deeds, chance.fraction())
    void this.#world.attempt('people', deed)
  }

  /** Consents again in the browser, and has the code exchanged. */
  async reauthorize(connection: KnownConnection): Promise<void> {
    const process = this.#world.pickProcess()
    if (process === undefined || connection.app.type === 'CLIENT_CREDENTIALS') return
    const code = this.#world.server.consent(connection.app.rules)
    await this.#world.portsOf(process).grants.exchange({
      tenant: connection.tenant,
      id: connection.id,
      code: new SecretText(code),
      state: new SecretText(`state of ${code}`),
      redirectUri: 'https://vault.example.com/oauth/callback',
      scopes: [],
      setupType: connection.app.type,
    })
  }

  /** Somebody sees what waits for a person, and authorizes it again. */
  async attend(): Promise<void> {
    for (const connection of this.connections) {
      const status = this.#world.invariants.rows.get(connection.id)?.status
      const waits = status === 'reauthorization_required' || status === 'pending'
      if (!connection.isDeleted && waits)
        await this.#world.attempt('people', () => this.reauthorize(connection))
    }
  }

  /** Somebody reads that a client is refused, corrects that at the provider, and has it tried again. */
  repair(): void {
    for (const { tenant, id, isDeleted } of this.connections) {
      const process = this.#world.pickProcess()
      const isBroken = this.#world.invariants.rows.get(id)?.failure?.class === 'app-broken'
      if (isDeleted || !isBroken || process === undefined) continue
      void this.#world.attempt('people', () => rotateNow(this.#world.portsOf(process), { tenant, id }))
    }
  }

  #complain(ports: Parameters<typeof rejectCredential>[0], { tenant, id }: KnownConnection) {
    const credentialVersion = this.#world.invariants.rows.get(id)?.credentialVersion ?? 1
    this.#world.invariants.complained(id, credentialVersion)
    return rejectCredential(ports, { tenant, id, credentialVersion })
  }

  async #replace(connection: KnownConnection): Promise<void> {
    const process = this.#world.pickProcess()
    if (process === undefined) return
    connection.setup = this.#setupFor(connection.app)
    const { tenant, id, setup } = connection
    await updateConnection(this.#world.portsOf(process), { tenant, id, setup })
  }

  /** Deletes it, at times for good, and makes another in its place. */
  async remove(connection: KnownConnection): Promise<void> {
    const process = this.#world.pickProcess()
    if (process === undefined) return
    connection.isDeleted = true
    const { tenant, id, app } = connection
    await deleteConnection(this.#world.portsOf(process), {
      tenant,
      id,
      purge: this.#world.chance.happens(0.3),
    })
    await this.create(tenant, app)
  }

  /** Consent is taken back, and given again while the vault is just finding out. */
  async #startAnew(ports: Parameters<typeof rotateNow>[0], connection: KnownConnection): Promise<void> {
    await this.#withdraw(connection)
    const { tenant, id } = connection
    void this.#world.attempt('people', () => rotateNow(ports, { tenant, id }))
    await ports.clock.sleep(this.#world.chance.latencyMs(this.#world.provider.latencyMs))
    await this.reauthorize(connection)
  }

  /** The account's owner takes the consent back at the provider. */
  async #withdraw(connection: KnownConnection): Promise<void> {
    for (const token of this.#world.server.tokens.values()) {
      if (token.connectionId === connection.id) this.#world.server.revoke(token.value, 'person')
    }
  }

  #setupFor(app: SimulatedApp): JsonObject {
    const client = { client_id: `client-${++this.#names}`, client_secret: 'secret' }
    const token = { token_url: 'https://idp.example.com/token', scope: 'read' }
    if (app.type === 'CLIENT_CREDENTIALS') return { type: app.type, ...client, ...token }
    const code = this.#world.server.consent(app.rules)
    if (app.appId !== 'OAUTH2') return { type: app.type, code }
    return {
      type: app.type,
      ...client,
      ...token,
      authorization_url: 'https://idp.example.com/authorize',
      code,
    }
  }
}

function pickByWeight<T>(list: readonly [number, T][], fraction: number): T {
  let left = fraction * list.reduce((sum, [weight]) => sum + weight, 0)
  for (const [weight, value] of list) {
    left -= weight
    if (left < 0) return value
  }
  return list.at(-1)![1]
}
