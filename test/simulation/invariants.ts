import type { ConnectionRow } from '../../shared/domain/connection.ts'
import type { GrantTokens } from '../../shared/domain/grant.ts'
import type { RefreshRule } from '../../shared/domain/grant-profile.ts'
import { connectionsPartition } from '../../shared/domain/keys.ts'
import { heldUntilMs, PROVIDER_TIMEOUT_MS } from '../../shared/domain/rotation-policy.ts'
import { findSealedGrant } from '../../shared/domain/sealed-keys.ts'
import type { SecretText } from '../../shared/domain/secret-text.ts'
import type { GrantSealer, SealedPlace } from '../../shared/ports/grant-sealer.ts'
import type { ItemStore, Write } from '../../shared/ports/item-store.ts'
import type { TokenOutcome, TokenRequest } from '../../shared/ports/oauth-client.ts'
import type { SecretStore } from '../../shared/ports/secret-store.ts'
import type { Rescue } from '../../shared/rows/rescue-row.ts'
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

/** Tokens by grant name. */
type Tokens = Readonly<Record<string, GrantTokens>>

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
  /** When the first request of each attempt was sent, by the clock of its process. */
  readonly #permissions = new Map<string, number>()
  readonly #resentOnComplaint = new Set<string>()
  /** Every rescue there was, by mark of its access tokens. */
  readonly #rescues = new Map<string, Rescue>()
  /** What the rows have pointed at, by mark of the access tokens. */
  readonly #contents = new Map<string, Tokens>()
  readonly #world: {
    readonly time: VirtualTime
    readonly server: ModelServer
    readonly items: ItemStore
    readonly secrets: SecretStore
    readonly sealer: GrantSealer
    /** Whether wall clocks are right, so that true time may be compared too. */
    readonly clocksAreRight: boolean
  }

  constructor(world: {
    time: VirtualTime
    server: ModelServer
    items: ItemStore
    secrets: SecretStore
    sealer: GrantSealer
    clocksAreRight: boolean
  }) {
    this.#world = world
  }

  breach(promise: string, text: string): void {
    const at = new Date(this.#world.time.nowMs).toISOString()
    this.violations.push(`${promise} at ${at}: ${text}`)
  }

  /**
   * P1: one request at a time for one stored refresh token, and none after an unknown one while the access token works.
   */
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
      this.#checkBudget(process, token, request.timeoutMs)
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

  /** P1: others count a holder as gone after its hold, so all requests of one permission end in the time of one. */
  #checkBudget(process: SimulatedProcess, token: ServerToken, timeoutMs: number): void {
    const op = this.rows.get(token.connectionId ?? '')?.attempt?.op
    if (op === undefined) return
    const fromMs = this.#permissions.get(op) ?? process.monotonicMs()
    this.#permissions.set(op, fromMs)
    const most = Math.round(process.monotonicMs() - fromMs + timeoutMs)
    if (most > PROVIDER_TIMEOUT_MS)
      this.breach('P1', `${process.name} may wait ${most / 1000} s in all with one permission`)
  }

  #checkSpent(process: SimulatedProcess, token: ServerToken, refresh: RefreshRule, grantName: string): void {
    if (!token.isSpent || refresh.rotation === 'none') return
    const row = this.rows.get(token.connectionId ?? '')
    if (this.#tokensOf(row)?.[grantName]?.refresh_token !== token.value) return
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

  #tokensOf(row: ConnectionRow | undefined): Tokens | undefined {
    return this.#contents.get(row?.grant?.access ?? '')
  }

  /** Refresh tokens were stored: they are the vault's from now on. */
  async #stored(place: SealedPlace): Promise<void> {
    const tokens: Record<string, string> = JSON.parse((await this.#world.sealer.open(place)).reveal())
    for (const value of Object.values(tokens)) {
      const token = this.#world.server.tokens.get(value)
      if (token !== undefined) token.isStored = true
    }
  }

  /** A transaction took effect. */
  async applied(writes: readonly Write[]): Promise<void> {
    for (const { key, ...write } of writes) {
      if (key.partition.endsWith('#RESCUES') && write.op === 'put')
        this.#rescued(write.attributes as unknown as Rescue)
      const place = write.op === 'put' ? findSealedGrant(key) : undefined
      if (place?.part === 'refresh') await this.#stored(place)
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
    if (row.secret !== undefined && row.secret.versionId !== before?.secret?.versionId)
      await this.#setupMoved(row)
    if (row.grant !== undefined && row.grant.access !== before?.grant?.access) {
      this.#checkAdoption(row)
      await this.#grantMoved(row, before)
    } else if (row.grant !== undefined && before !== undefined && row.clientDigest !== before.clientDigest)
      this.breach('P4', `${row.id} goes on with the grant of another client`)
    if (row.status === 'reauthorization_required' && before?.status !== 'reauthorization_required') {
      this.counts.reauthorizations++
      this.#checkDeath(row, before)
    }
    if (before !== undefined && row.fence < before.fence)
      this.breach('F4', `the fence of ${row.id} fell from ${before.fence} to ${row.fence}`)
  }

  /** P2: what was rescued comes to the row it was minted for, and to no later authorization or setup of it. */
  #checkAdoption(row: ConnectionRow): void {
    const rescue = this.#rescues.get(row.grant!.access)
    if (rescue === undefined) return
    const authorization = rescue.members?.authorization ?? rescue.authorization
    if (row.authorization !== authorization)
      this.breach('P2', `${row.id} took over the grant of an operation that is not its own`)
  }

  async #setupMoved(row: ConnectionRow): Promise<void> {
    const { secretId, versionId } = row.secret!
    try {
      await this.#world.secrets.get(secretId, versionId)
    } catch {
      this.breach('P2', `${row.id} points at ${versionId}, which is not there`)
    }
  }

  async #grantMoved(row: ConnectionRow, before: ConnectionRow | undefined): Promise<void> {
    const { access, refresh } = row.grant!
    const owner = { tenant: row.tenant, ownerId: row.id }
    const open = async (part: 'access' | 'refresh', mark: string) =>
      JSON.parse((await this.#world.sealer.open({ ...owner, part, mark })).reveal())
    let tokens: Tokens
    try {
      const opened: Tokens = await open('access', access)
      const refreshTokens = refresh === undefined ? {} : await open('refresh', refresh)
      tokens = Object.fromEntries(
        Object.entries(opened).map(([name, grant]) => [
          name,
          { ...grant, ...(refreshTokens[name] === undefined ? {} : { refresh_token: refreshTokens[name] }) },
        ]),
      )
    } catch {
      this.breach('P2', `${row.id} points at ${access} and ${refresh}, which are not both there`)
      return
    }
    this.#contents.set(access, tokens)
    this.#checkTokensKept(row, before, tokens)
    for (const [name, grant] of Object.entries(tokens)) {
      this.counts.rotations++
      this.#checkExpiry(row, name, grant)
      const token = this.#world.server.tokens.get(grant.refresh_token ?? '')
      if (token === undefined) continue
      token.connectionId = row.id
      token.isSpent = false
    }
  }

  /** P2: what a provider leaves out of its answer stays as it was. */
  #checkTokensKept(row: ConnectionRow, before: ConnectionRow | undefined, tokens: Tokens): void {
    if (before === undefined || before.authorization !== row.authorization) return
    for (const [name, grant] of Object.entries(this.#tokensOf(before) ?? {})) {
      if (grant.refresh_token !== undefined && tokens[name]?.refresh_token === undefined)
        this.breach('P2', `${row.id} lost the refresh token of ${name} by a rotation`)
    }
  }

  /** P3: what is known of an expiry never lies behind the truth. */
  #checkExpiry(row: ConnectionRow, name: string, grant: GrantTokens): void {
    const endMs = this.#world.server.accessTokens.get(grant.access_token) ?? 0
    const lateMs = Math.floor((row.grants?.[name]?.accessExpiresAtMs ?? 0) - endMs)
    if (this.#world.clocksAreRight && lateMs > 0)
      this.breach('P3', `${row.id} is thought to be good for ${lateMs} ms more than it is`)
  }

  /**
   * P4: a grant ends only when the server said so of the very token the row points at, and not by the vault's own
   * doing.
   */
  #checkDeath(row: ConnectionRow, before: ConnectionRow | undefined): void {
    const name = before?.attempt?.grantName ?? 'main'
    const grant = this.#tokensOf(row)?.[name]
    if (grant?.refresh_token === undefined) return
    const token = this.#world.server.tokens.get(grant.refresh_token)
    if (token !== undefined && token.refusals >= 3) return
    if (token === undefined || !token.saidDead) {
      this.breach('P4', `${row.id} was ended (${row.failure?.code}) though the provider never said so`)
    } else if (token.family.revokedBy === 'vault') {
      this.breach('P4', `${row.id} was ended because the vault itself had revoked its grant`)
    } else if (token.family.revokedBy !== 'person' && token.successor?.isStored === true) {
      this.breach('P2', `${row.id} was ended though the successor of its token had been stored`)
    }
  }

  /** A holder may lose its commit to another holder, a replaced setup or a deletion, and to nothing else. */
  #rescued(rescue: Rescue): void {
    if (rescue.of !== 'revoke') this.#rescues.set(rescue.grant.access, rescue)
    if (rescue.of !== 'renewal' && rescue.of !== 'authorize') return
    this.counts.rescues++
    const row = this.rows.get(rescue.id)
    if (row === undefined || row.attempt?.op !== rescue.op) return
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
    for (const [name, grant] of Object.entries(this.#tokensOf(row) ?? {})) {
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
