import { versionOfKey } from '../../shared/adapters/sealed/sealed-items.ts'
import type { ConnectionRow } from '../../shared/domain/connection.ts'
import type { StoredGrant } from '../../shared/domain/grant.ts'
import type { RefreshRule } from '../../shared/domain/grant-profile.ts'
import { connectionsPartition } from '../../shared/domain/keys.ts'
import { heldUntilMs } from '../../shared/domain/rotation-policy.ts'
import type { SecretText } from '../../shared/domain/secret-text.ts'
import type { ItemStore, Write } from '../../shared/ports/item-store.ts'
import type { TokenOutcome, TokenRequest } from '../../shared/ports/oauth-client.ts'
import { SecretNotFoundError, type SecretStore } from '../../shared/ports/secret-store.ts'
import { parseContent } from '../../shared/use-cases/commit/opened-secrets.ts'
import type { SecretContent } from '../../shared/use-cases/commit/secret-content.ts'
import type { SimulatedProcess } from './machine.ts'
import type { ModelServer, ServerToken } from './model-server.ts'
import type { VirtualTime } from './virtual-time.ts'

/** Figures of a run, for reports. */
export interface Counts {
  tokenRequests: number
  unknownOutcomes: number
  rotations: number
  rescues: number
  reauthorizations: number
  fetched: number
  notFetched: number
}

/** A token request on its way: over when the provider answers, or when its sender gives up or dies. */
interface Flight {
  answered(): void
  end(kind: TokenOutcome['kind']): void
}

/** The promises, watched at every step: each breach is written down with the time it happened at. */
export class Invariants {
  readonly violations: string[] = []
  readonly counts: Counts = {
    tokenRequests: 0,
    unknownOutcomes: 0,
    rotations: 0,
    rescues: 0,
    reauthorizations: 0,
    fetched: 0,
    notFetched: 0,
  }
  readonly rows = new Map<string, ConnectionRow>()
  readonly #flights = new Map<string, Set<SimulatedProcess>>()
  /** Connections with the version that a flow complained of. */
  readonly #complaints = new Set<string>()
  readonly #resentOnComplaint = new Set<string>()
  readonly #contents = new Map<string, SecretContent>()
  readonly #world: {
    readonly time: VirtualTime
    readonly server: ModelServer
    readonly items: ItemStore
    readonly secrets: SecretStore
    /** Whether wall clocks are right, so that true time may be compared too. */
    readonly clocksAreRight: boolean
  }

  constructor(world: {
    time: VirtualTime
    server: ModelServer
    items: ItemStore
    secrets: SecretStore
    clocksAreRight: boolean
  }) {
    this.#world = world
  }

  breach(promise: string, text: string): void {
    const at = new Date(this.#world.time.nowMs).toISOString()
    this.violations.push(`${promise} at ${at}: ${text}`)
  }

  /** P1: one request at a time for one stored refresh token, and none after an unknown one while the access token works. */
  sent(process: SimulatedProcess, request: TokenRequest): Flight {
    this.counts.tokenRequests++
    const { grant } = request
    const token =
      grant.kind === 'refresh-token' ? this.#world.server.tokens.get(grant.refreshToken.reveal()) : undefined
    const key = token?.value ?? `none ${this.counts.tokenRequests}`
    const flights = this.#flights.get(key) ?? new Set()
    this.#flights.set(key, flights)
    if (token !== undefined && grant.kind === 'refresh-token') {
      for (const other of flights) {
        if (other.isAlive)
          this.breach(
            'P1',
            `${process.name} sends ${key} of ${token.connectionId} while ${other.name} waits for its answer`,
          )
      }
      this.#checkSpent(process, token, request.profile.refresh, grant.grantName)
      token.isSpent = true
    }
    flights.add(process)
    return {
      answered: () => flights.delete(process),
      end: (kind) => {
        flights.delete(process)
        if (kind === 'unknown') this.counts.unknownOutcomes++
        else if (token !== undefined && kind !== 'granted') token.isSpent = false
      },
    }
  }

  /** A flow reports that this version was refused. */
  complained(id: string, credentialVersion: number): void {
    this.#complaints.add(`${id} ${credentialVersion}`)
  }

  #checkSpent(process: SimulatedProcess, token: ServerToken, refresh: RefreshRule, grantName: string): void {
    if (!token.isSpent || refresh.rotation === 'none') return
    const row = this.rows.get(token.connectionId ?? '')
    const content = row === undefined ? undefined : this.#contents.get(row.secret?.versionId ?? '')
    if (content?.grants?.[grantName]?.refresh_token !== token.value) return
    const expiresAtMs = row?.grants?.[grantName]?.accessExpiresAtMs ?? Number.POSITIVE_INFINITY
    // The clock may have jumped back since it was looked at for the decision, which the attempt is dated by.
    if (Math.max(process.nowMs(), row?.attempt?.startedAtMs ?? 0) >= expiresAtMs) return
    // A flow has said that this very access token does not work: that allows it once.
    const complaint = `${token.connectionId} ${row?.credentialVersion}`
    if (this.#complaints.has(complaint) && !this.#resentOnComplaint.has(token.value)) {
      this.#resentOnComplaint.add(token.value)
      return
    }
    const left = Math.round((expiresAtMs - process.nowMs()) / 1000)
    this.breach(
      'P1',
      `${process.name} sends ${token.value} of ${token.connectionId} again, ${left} s before its access token ends`,
    )
  }

  /** A version was stored: what it holds is the vault's from now on. */
  stored(value: SecretText): void {
    for (const grant of Object.values(parseContent(value).grants ?? {})) {
      const token = this.#world.server.tokens.get(grant.refresh_token ?? '')
      if (token !== undefined) token.isStored = true
    }
  }

  /** The version may be gone again by the time it is looked at. */
  async #storedAmongRows(version: { secretId: string; versionId: string }): Promise<void> {
    try {
      this.stored(await this.#world.secrets.get(version.secretId, version.versionId))
    } catch (error) {
      if (!(error instanceof SecretNotFoundError)) throw error
    }
  }

  /** A transaction took effect. */
  async applied(writes: readonly Write[]): Promise<void> {
    for (const { key, ...write } of writes) {
      if (key.partition.endsWith('#RESCUES') && write.op === 'put') this.#rescued(write.attributes)
      const version = write.op === 'put' ? versionOfKey(key) : undefined
      if (version !== undefined) await this.#storedAmongRows(version)
      const tenant = key.partition.split('#')[1] ?? ''
      if (key.partition !== connectionsPartition(tenant)) continue
      const row = (await this.#world.items.get(key)) as unknown as ConnectionRow | undefined
      if (row === undefined) this.rows.delete(key.sort)
      else await this.#changed(row)
    }
  }

  async #changed(row: ConnectionRow): Promise<void> {
    const before = this.rows.get(row.id)
    this.rows.set(row.id, row)
    if (row.secret !== undefined && row.secret.versionId !== before?.secret?.versionId) {
      await this.#pointerMoved(row, before)
    }
    if (row.status === 'reauthorization_required' && before?.status !== 'reauthorization_required') {
      this.counts.reauthorizations++
      this.#checkDeath(row, before)
    }
    if (before !== undefined && row.fence < before.fence)
      this.breach('F4', `the fence of ${row.id} fell from ${before.fence} to ${row.fence}`)
  }

  async #pointerMoved(row: ConnectionRow, before: ConnectionRow | undefined): Promise<void> {
    const pointer = row.secret!
    try {
      const content = parseContent(await this.#world.secrets.get(pointer.secretId, pointer.versionId))
      this.#contents.set(pointer.versionId, content)
      this.#checkTokensKept(row, before, content)
      for (const grant of Object.values(content.grants ?? {})) {
        this.counts.rotations++
        this.#checkExpiry(row, grant)
        const token = this.#world.server.tokens.get(grant.refresh_token ?? '')
        if (token === undefined) continue
        token.connectionId = row.id
        token.isSpent = false
      }
    } catch {
      this.breach('P2', `${row.id} points at ${pointer.versionId}, which is not there`)
    }
  }

  /** P2: what a provider leaves out of its answer stays as it was. */
  #checkTokensKept(row: ConnectionRow, before: ConnectionRow | undefined, content: SecretContent): void {
    if (before === undefined || before.authorization !== row.authorization) return
    const old = this.#contents.get(before.secret?.versionId ?? '')
    for (const [name, grant] of Object.entries(old?.grants ?? {})) {
      if (grant.refresh_token !== undefined && content.grants?.[name]?.refresh_token === undefined)
        this.breach('P2', `${row.id} lost the refresh token of ${name} by a rotation`)
    }
  }

  /** P3: what is known of an expiry never lies behind the truth. */
  #checkExpiry(row: ConnectionRow, grant: StoredGrant): void {
    const endMs = this.#world.server.accessTokens.get(grant.access_token) ?? 0
    const lateMs = Math.floor((grant.expires_at_ms ?? 0) - endMs)
    if (this.#world.clocksAreRight && lateMs > 0)
      this.breach('P3', `${row.id} is thought to be good for ${lateMs} ms more than it is`)
  }

  /** P4: a grant ends only when the server said so of the very token the row points at, and not by the vault's own doing. */
  #checkDeath(row: ConnectionRow, before: ConnectionRow | undefined): void {
    const content = this.#contents.get(row.secret?.versionId ?? '')
    const name = before?.attempt?.grantName ?? 'main'
    const grant = content?.grants?.[name]
    if (grant?.refresh_token === undefined) return
    const token = this.#world.server.tokens.get(grant.refresh_token)
    if (token === undefined || !token.saidDead) {
      this.breach('P4', `${row.id} was ended (${row.failure?.code}) though the provider never said so`)
    } else if (token.family.revokedBy === 'vault') {
      this.breach('P4', `${row.id} was ended because the vault itself had revoked its grant`)
    } else if (token.family.revokedBy !== 'person' && token.successor?.isStored === true) {
      this.breach('P2', `${row.id} was ended though the successor of its token had been stored`)
    }
  }

  /** A holder may lose its commit to another holder, a replaced setup or a deletion, and to nothing else. */
  #rescued(rescue: Readonly<Record<string, unknown>>): void {
    this.counts.rescues++
    const row = this.rows.get(String(rescue['connectionId']))
    if (row === undefined || row.attempt?.answerVersionId !== rescue['versionId']) return
    if (heldUntilMs(row) !== undefined)
      this.breach('P2', `${row.id} lost a commit that nobody else had taken from it`)
  }

  /** P3: what a flow is given still works, by the clock of who gives it and, when clocks are right, in truth. */
  fetched(process: SimulatedProcess, id: string, body: SecretText): void {
    this.counts.fetched++
    const answer = JSON.parse(body.reveal()) as {
      expires_at: string | null
      usable_for_seconds: number | null
      fields: Record<string, unknown>
    }
    if (answer.expires_at === null) return
    const leftMs = Date.parse(answer.expires_at) - process.nowMs()
    if (leftMs <= 0)
      this.breach('P3', `${process.name} gave out a credential of ${id} that ended ${-leftMs} ms ago`)
    if ((answer.usable_for_seconds ?? 0) * 1000 > leftMs + 1)
      this.breach('P3', `${id} was said to be good for ${answer.usable_for_seconds} s with ${leftMs} ms left`)
    const token = String(answer.fields['access_token'])
    const endMs = this.#world.server.accessTokens.get(token)
    if (endMs === undefined) this.breach('P3', `${id} was given a token that no server issued`)
    else if (this.#world.clocksAreRight && endMs <= this.#world.time.nowMs)
      this.breach(
        'P3',
        `${id} was given a token that had ended ${this.#world.time.nowMs - endMs} ms ago in truth`,
      )
  }

  /** Called when everything has had its time to come right: what a row points at is what the server would take. */
  checkGrants(row: ConnectionRow): void {
    const content = this.#contents.get(row.secret?.versionId ?? '')
    for (const [name, grant] of Object.entries(content?.grants ?? {})) {
      const token = this.#world.server.tokens.get(grant.refresh_token ?? '')
      if (token === undefined || token.family.revokedBy !== undefined) continue
      if (
        token.usedAtMs !== undefined &&
        token.family.rules.graceMs === 0 &&
        token.successor?.isStored === true
      )
        this.breach(
          'P2',
          `${row.id} holds the used ${token.value} of ${name}, and its stored successor is lost`,
        )
    }
  }
}
