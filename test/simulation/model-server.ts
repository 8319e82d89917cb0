import { SecretText } from '../../shared/domain/secret-text.ts'
import type { MintedGrant, TokenRequest } from '../../shared/ports/oauth-client.ts'
import type { Chance } from './chance.ts'
import type { VirtualTime } from './virtual-time.ts'

/** How one provider treats its tokens. */
export interface TokenRules {
  readonly accessLifeMs: number
  /** What the vault is told, or assumes when it is told nothing. */
  readonly expiryBasis: 'stated' | 'assumed'
  /** Each refresh replaces the refresh token. */
  readonly rotates: boolean
  /** For how long a replaced token still works. */
  readonly graceMs: number
  /** A replaced token that comes back outside of the grace ends the whole family (RFC 9700 §4.14.2). */
  readonly reuseRevokes: boolean
  readonly refreshLifeMs?: number
  /** That life counts from the consent, and is not extended by a refresh. */
  readonly refreshIsFixed?: true
  /** The name of a second grant that comes with the first answer. */
  readonly nested?: string
}

/** The refresh tokens that one consent led to. */
export interface Family {
  readonly rules: TokenRules
  readonly startedAtMs: number
  revokedBy?: 'person' | 'vault' | 'reuse'
}

export interface ServerToken {
  readonly value: string
  readonly family: Family
  usedAtMs?: number
  successor?: ServerToken
  /** Whether a version of the vault's secret store ever held it. */
  isStored: boolean
  /** Whether the vault was told that it is dead. */
  saidDead: boolean
  /** How often in a row its holder was told of a refusal that names no death. */
  refusals: number
  /** Whether it had been used, to an end the vault knows as success or does not know at all, since it was committed. */
  isSpent: boolean
  /** The connection whose row points at it. */
  connectionId?: string
}

export type ServerAnswer =
  | { readonly kind: 'granted'; readonly grants: Readonly<Record<string, MintedGrant>> }
  | { readonly kind: 'invalid_grant' }

/** An authorization server as it is: what it answers is the truth that the vault's rows are held against. */
export class ModelServer {
  readonly tokens = new Map<string, ServerToken>()
  /** Access tokens by value: when each really ends, in true time. */
  readonly accessTokens = new Map<string, number>()
  readonly #codes = new Map<string, { rules: TokenRules; isUsed: boolean; tokens: ServerToken[] }>()
  readonly #time: VirtualTime
  readonly #chance: Chance
  #count = 0

  constructor(time: VirtualTime, chance: Chance) {
    this.#time = time
    this.#chance = chance
  }

  /** A person consents: the code that comes back to the vault. */
  consent(rules: TokenRules): string {
    const code = `code-${++this.#count}`
    this.#codes.set(code, { rules, isUsed: false, tokens: [] })
    return code
  }

  /** What the code was exchanged for. */
  tokensOf(code: string): readonly ServerToken[] {
    return this.#codes.get(code)?.tokens ?? []
  }

  /** Takes effect now, whoever is still there to hear the answer. */
  handle(grant: TokenRequest['grant'], fallback: TokenRules): ServerAnswer {
    switch (grant.kind) {
      case 'authorization-code':
        return this.#exchange(grant.code.reveal())
      case 'refresh-token':
        return this.#refresh(grant.refreshToken.reveal(), grant.grantName)
      default:
        return { kind: 'granted', grants: { main: this.#mint(fallback, undefined) } }
    }
  }

  /** Revokes the grant that the refresh token belongs to; false when there is no such token. */
  revoke(refreshToken: string, by: 'person' | 'vault'): boolean {
    const family = this.tokens.get(refreshToken)?.family
    if (family === undefined) return false
    family.revokedBy ??= by
    return true
  }

  #exchange(text: string): ServerAnswer {
    const code = this.#codes.get(text)
    if (code === undefined || code.isUsed) return { kind: 'invalid_grant' }
    code.isUsed = true
    const { rules } = code
    const grants: Record<string, MintedGrant> = {}
    for (const name of ['main', rules.nested]) {
      if (name === undefined) continue
      const token = this.#newToken({ rules, startedAtMs: this.#time.nowMs })
      code.tokens.push(token)
      grants[name] = this.#mint(rules, token)
    }
    return { kind: 'granted', grants }
  }

  #refresh(text: string, grantName: string): ServerAnswer {
    const token = this.tokens.get(text)
    if (token === undefined || token.family.revokedBy !== undefined || this.#leftMs(token.family) <= 0)
      return this.#dead(token)
    const { family } = token
    const { rules } = family
    if (!rules.rotates) return { kind: 'granted', grants: { [grantName]: this.#mint(rules, undefined) } }
    if (token.usedAtMs !== undefined && this.#time.nowMs >= token.usedAtMs + rules.graceMs) {
      if (rules.reuseRevokes) family.revokedBy = 'reuse'
      return this.#dead(token)
    }
    token.usedAtMs ??= this.#time.nowMs
    token.successor = this.#newToken(family)
    return { kind: 'granted', grants: { [grantName]: this.#mint(rules, token.successor) } }
  }

  #statedLife(family: Family): { refreshLifeMs?: number } {
    const leftMs = this.#leftMs(family)
    return Number.isFinite(leftMs) ? { refreshLifeMs: leftMs } : {}
  }

  #leftMs({ rules, startedAtMs }: Family): number {
    if (rules.refreshLifeMs === undefined) return Number.POSITIVE_INFINITY
    const sinceMs = rules.refreshIsFixed === true ? this.#time.nowMs - startedAtMs : 0
    return rules.refreshLifeMs - sinceMs
  }

  #dead(token: ServerToken | undefined): ServerAnswer {
    if (token !== undefined) token.saidDead = true
    return { kind: 'invalid_grant' }
  }

  #newToken(family: Family): ServerToken {
    const value = `refresh-${++this.#count}`
    const token: ServerToken = {
      value,
      family,
      isStored: false,
      saidDead: false,
      refusals: 0,
      isSpent: false,
    }
    this.tokens.set(value, token)
    return token
  }

  #mint(rules: TokenRules, refresh: ServerToken | undefined): MintedGrant {
    const value = `access-${++this.#count}-${this.#chance.below(1000)}`
    this.accessTokens.set(value, this.#time.nowMs + rules.accessLifeMs)
    return {
      accessToken: new SecretText(value),
      ...(refresh === undefined ? {} : { refreshToken: new SecretText(refresh.value) }),
      lifeMs: rules.accessLifeMs,
      expiryBasis: rules.expiryBasis,
      ...(refresh === undefined ? {} : this.#statedLife(refresh.family)),
      extra: { instance_url: 'https://acme.my.salesforce.com', base_uri: 'https://eu.docusign.net' },
    }
  }
}
