import type { Preset } from '../../../../shared/connectors/presets/preset.ts'
import { allPresets } from '../../../../shared/connectors/presets/preset-list.ts'
import {
  type CollectedService,
  servicesOfArctic,
  servicesOfGrant,
  variable,
} from '../../../support/collection-endpoints.ts'

const COLLECTIONS: readonly (readonly [string, ReadonlyMap<string, CollectedService>])[] = [
  ['grant', servicesOfGrant()],
  ['arctic', await servicesOfArctic()],
]

describe.each(COLLECTIONS)('the presets beside those of %s', (collection, services) => {
  const named = allPresets().flatMap((preset) =>
    namesIn(preset, collection).map((name) => ({ preset, name, service: byName(services, name) })),
  )

  it('name entries that there are', () => {
    expect(named.filter(({ service }) => service === undefined).map(({ name }) => name)).toEqual([])
    expect(named.length).toBeGreaterThan(30)
  })

  it('name every entry that speaks to the same token endpoint', () => {
    const unnamed = [...services.values()].filter(
      (service) =>
        !named.some((each) => each.service === service) &&
        allPresets().some(
          ({ oauth }) => hasHostOfItsOwn(oauth?.tokenUrl) && isSame(oauth?.tokenUrl, service.tokenUrl),
        ),
    )
    expect(unnamed.map(({ name }) => name)).toEqual([])
  })

  it.each(named)('agree on $preset.id with $name, or say why not', ({ preset, name, service }) => {
    const { oauth } = preset
    const explained = (preset.differences ?? []).filter(({ sources }) =>
      sources.includes(`${collection} ${name}`),
    )
    const differs = (member: keyof CollectedService, ours: string | undefined): boolean => {
      const theirs = service?.[member]
      if (theirs === undefined || isSame(ours, String(theirs))) return false
      const reasons = explained.map((each) => ({ ...each })[member as keyof typeof each])
      return !reasons.some((value) => value === theirs || variable(String(value)) === theirs)
    }
    const pkce = oauth?.pkce === 'required' || oauth?.pkce === 'supported'
    const found = [
      ...(differs('authorizationUrl', oauth?.authorizationUrl) ? [`page ${service?.authorizationUrl}`] : []),
      ...(differs('tokenUrl', oauth?.tokenUrl) ? [`token ${service?.tokenUrl}`] : []),
      ...(differs('separator', oauth?.separator ?? ' ')
        ? [`separator ${JSON.stringify(service?.separator)}`]
        : []),
      ...(differs('clientAuthentication', oauth?.clientAuthentication)
        ? [`client ${service?.clientAuthentication}`]
        : []),
      ...(service?.pkce === true && !pkce ? ['PKCE'] : []),
    ]
    expect(found).toEqual([])
  })
})

/** The names that a preset's sources and differences give the service in a collection. */
function namesIn(preset: Preset, collection: string): string[] {
  const sources = [...preset.sources, ...(preset.differences ?? []).flatMap((each) => each.sources)]
  const names = sources.flatMap((source) => {
    const [key, name] = source.split(' ')
    return key === collection && name !== undefined ? [name] : []
  })
  return [...new Set(names)]
}

/** A class of arctic is named as its file is, dashes and case aside. */
function byName(services: ReadonlyMap<string, CollectedService>, name: string): CollectedService | undefined {
  const plain = (text: string): string => text.toLowerCase().replaceAll('-', '')
  return [...services.values()].find((service) => plain(service.name) === plain(name))
}

/** Whether an address is the template's, whatever stands for its placeholders. */
function isSame(template: string | undefined, url: string): boolean {
  if (template === undefined) return false
  const pattern = template.split(/\{\w+\}/).map((text) => text.replaceAll(/[.?+*()[\]{}^$|\\]/g, '\\$&'))
  return new RegExp(`^${pattern.join('[^/]+')}$`).test(url)
}

/** Not one that every server of some software has. */
function hasHostOfItsOwn(template: string | undefined): boolean {
  return template !== undefined && !/^https:\/\/\{\w+\}\//.test(template)
}
