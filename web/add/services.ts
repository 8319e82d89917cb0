import type { Api } from '../api/api.ts'
import type { Connector, ListedService, Summary } from '../api/types.ts'
import { ADD } from '../texts/add-texts.ts'

/** A dialog that opens later than this feels slow. */
const PATIENCE_MS = 300

/** An app, or a service that has a name in it. */
interface Choice {
  readonly appId: string | undefined
  readonly provider: string | undefined
}

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
        ({ provider, label, category, types }): Connector => ({
          app_id: app.app_id,
          provider,
          label,
          about: `${app.label} · ${waysOf(app, types)}`,
          category,
          setups: [],
        }),
      )
    }),
  )
  return lists.flat().sort((a, b) => a.label.localeCompare(b.label))
}

/** How one connects there: the same service may stand in several apps, and its name alone tells nobody which to take. */
function waysOf({ setups }: Connector, types: readonly string[]): string {
  const ways = setups
    .filter(({ type }) => types.includes(type))
    .map(({ label, authorization }) => (authorization === 'interactive' ? ADD.bySignIn : label))
  return ways.join(', ')
}

/** The services that have a name in one of the apps: found by a search, their fields loaded when one is chosen. */
export class Services {
  listed: readonly Connector[] = []
  /** The apps of which there are connections. */
  used: ReadonlySet<string> = new Set()
  /** The chosen one with its fields, drawn like an app. */
  chosen: Connector | undefined

  /** Asks for the list once. */
  async load(api: Api, connectors: readonly Connector[]): Promise<void> {
    if (this.listed.length === 0) this.listed = await listServices(api, connectors)
  }

  /** Waits for the apps in use, but not long: what comes later would move tiles under a pointer, and is left out. */
  async findUsed(api: Api): Promise<void> {
    const summary = api.ask<Summary>('GET', '/connections/summary').catch(() => undefined)
    const patience = new Promise<undefined>((resolve) => setTimeout(resolve, PATIENCE_MS))
    const found = await Promise.race([summary, patience])
    this.used = new Set(found?.by_app.map(({ app_id: app }) => app))
  }

  /** What is chosen, as it is drawn; a service that could not be loaded is not taken for the app that has it. */
  find(connectors: readonly Connector[], { appId, provider }: Choice): Connector | undefined {
    return provider === undefined ? connectors.find((each) => each.app_id === appId) : this.chosen
  }

  /** Throws `ApiError`. */
  async choose(api: Api, connectors: readonly Connector[], { appId, provider }: Choice): Promise<void> {
    if (this.chosen !== undefined && this.chosen.app_id === appId && this.chosen.provider === provider) return
    this.chosen = undefined
    const app = connectors.find((each) => each.app_id === appId)
    if (provider === undefined || app === undefined) return
    const path = `${pathOf(app)}/${encodeURIComponent(provider)}`
    const described = await api.ask<Omit<Connector, 'app_id' | 'about'>>('GET', path)
    this.chosen = { ...described, app_id: app.app_id, about: app.label, provider }
  }
}
