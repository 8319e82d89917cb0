import type { GrantProfile, Template } from '../domain/grant-profile.ts'
import type { Setup } from './connector.ts'

/** Every template of a setup: its label, its request and fields, its test call, and those of its grant. */
export function templatesOf(setup: Setup): Template[] {
  const templates: (Template | undefined)[] = [
    setup.accountName,
    ...setup.request.flatMap((part) => [part.name, part.place === 'named-values' ? undefined : part.value]),
    ...Object.values(setup.credentialFields),
    setup.test?.url,
    ...(setup.grant === undefined ? [] : templatesOfGrant(setup.grant)),
  ]
  return templates.filter((template) => template !== undefined)
}

function templatesOfGrant(grant: GrantProfile): (Template | undefined)[] {
  const { metadataCall } = grant.answer ?? {}
  return [
    grant.tokenUrl,
    grant.refreshUrl,
    grant.authorizationUrl,
    grant.issuer,
    ...Object.values(grant.authorizationParameters ?? {}),
    ...Object.values(grant.tokenParameters ?? {}),
    ...Object.values(grant.refreshParameters ?? {}),
    grant.assertion?.issuer,
    grant.assertion?.audience,
    grant.revocation?.url,
    grant.identity?.url,
    metadataCall?.url,
    metadataCall?.authorization,
  ]
}
