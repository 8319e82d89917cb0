import type { Api } from '../api/api.ts'
import type { Connector, ListedService } from '../api/types.ts'

/** Where the named services of an app are. */
function pathOf({ app_id: app }: Connector): string {
  return `/connectors/${encodeURIComponent(app)}/presets`
}

async function listServices(api: Api, connectors: readonly Connector[]): Promise<readonly Connector[]> {
  const apps = connectors.filter(({ presets = 0 }) => presets > 0)
  const lists = await Promise.all(
    apps.map(async (app) => {
      const services = await api.ask<readonly ListedService[]>('GET', pathOf(app)).catch(() => [])
      return services.map(
        ({ provider, label, category }): Connector => ({
          app_id: app.app_id,
          provider,
          label,
          about: app.label,
          category,
          setups: [],
        }),
      )
    }),
  )
  return lists.flat().sort((a, b) => a.label.localeCompare(b.label))
}

/** The services that have a name in one of the apps: found by a search, their fields loaded when one is chosen. */
export class Services {
  listed: readonly Connector[] = []
  /** The chosen one with its fields, drawn like an app. */
  chosen: Connector | undefined

  /** Asks for the list once. */
  async load(api: Api, connectors: readonly Connector[]): Promise<void> {
    if (this.listed.length === 0) this.listed = await listServices(api, connectors)
  }

  /** Throws `ApiError`. */
  async choose(
    api: Api,
    connectors: readonly Connector[],
    { appId, provider }: { readonly appId: string | undefined; readonly provider: string | undefined },
  ): Promise<void> {
    this.chosen = undefined
    const app = connectors.find((each) => each.app_id === appId)
    if (provider === undefined || app === undefined) return
    const path = `${pathOf(app)}/${encodeURIComponent(provider)}`
    const described = await api.ask<Omit<Connector, 'app_id' | 'about'>>('GET', path)
    this.chosen = { ...described, app_id: app.app_id, about: app.label, provider }
  }
}
