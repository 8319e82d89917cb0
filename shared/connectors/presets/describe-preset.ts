import { CATEGORIES } from '../categories.ts'
import type { Connector } from '../connector.ts'
import { type DescribedSetup, describeSetup } from '../describe-connector.ts'
import { writtenType } from '../setup-schema.ts'
import { presetSetups } from './pick-preset-setup.ts'
import type { Preset } from './preset.ts'

/** A named service in a list: enough to choose it by. */
export interface ListedPreset {
  readonly provider: string
  readonly label: string
  readonly category: string
  /** The values that `setup.type` may have; where there is one, it may be left out. */
  readonly types: readonly string[]
}

/** A named service with all that is known of it, and no secret. */
export interface DescribedPreset extends ListedPreset {
  readonly category_label: string
  readonly documentation: string
  /** With the fields of each, as an app's own setups are described. */
  readonly setups: readonly DescribedSetup[]
  readonly oauth?: DescribedOAuth
  readonly notes: readonly string[]
  readonly differences: NonNullable<Preset['differences']>
  readonly sources: readonly string[]
  /** What no source says, by the name of the member in the preset's data. */
  readonly assumed: readonly string[]
}

/** How the service grants access, in words of RFC 6749 and RFC 8414; `{name}` stands for an input. */
export interface DescribedOAuth {
  readonly authorization_url?: string
  readonly token_url: string
  readonly revocation_url?: string
  readonly scope_separator: string
  readonly token_endpoint_auth_method: string
  readonly pkce: string
  /** Null for a token that does not end, left out where it is not known. */
  readonly access_token_seconds?: number | null
  readonly refresh_token: string
  readonly refresh_token_seconds?: number
}

/** The service as the list of its app shows it. */
export function listPreset(connector: Connector, preset: Preset): ListedPreset {
  return {
    provider: preset.id,
    label: preset.label,
    category: preset.category,
    types: presetSetups(connector, preset).map(writtenType),
  }
}

/** The service as the API serves it by its name. */
export function describePreset(connector: Connector, preset: Preset): DescribedPreset {
  const setups = presetSetups(connector, preset)
  const isMinted = setups.some(({ grant }) => grant !== undefined)
  return {
    ...listPreset(connector, preset),
    category_label: CATEGORIES[preset.category],
    documentation: preset.documentation,
    setups: setups.map(describeSetup),
    ...(isMinted && preset.oauth !== undefined && { oauth: describeOAuth(preset.oauth) }),
    notes: preset.notes ?? [],
    differences: preset.differences ?? [],
    sources: preset.sources,
    assumed: preset.assumed ?? [],
  }
}

const REFRESH_TOKENS = {
  none: 'stays the same',
  'single-use': 'is replaced by each renewal',
  'no-refresh': 'is not issued',
  unknown: 'is not known',
} as const

function describeOAuth(oauth: NonNullable<Preset['oauth']>): DescribedOAuth {
  const { accessSeconds, refreshLife } = oauth
  return {
    ...(oauth.authorizationUrl !== undefined && { authorization_url: oauth.authorizationUrl }),
    token_url: oauth.tokenUrl,
    ...(oauth.revocation !== undefined && { revocation_url: oauth.revocation.url }),
    scope_separator: oauth.separator ?? ' ',
    token_endpoint_auth_method: oauth.clientAuthentication,
    pkce: oauth.pkce,
    ...(accessSeconds !== undefined && {
      access_token_seconds: accessSeconds === 'never' ? null : accessSeconds,
    }),
    refresh_token: REFRESH_TOKENS[oauth.rotation],
    ...(refreshLife !== undefined && { refresh_token_seconds: refreshLife.seconds }),
  }
}
