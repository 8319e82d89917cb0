import type { Command } from '../../cli/cli-command.ts'
import { COMMANDS } from '../../cli/command-table.ts'
import { allRoutes } from '../../functions/route-table.ts'

const BASE = '/api/v2/flows/vault'

/** Every option of the command as somebody would give it, and every argument as `x`. */
function filled(command: Command) {
  const options = (command.options ?? []).map(({ flags, repeats }) => {
    const [, name = '', value] = /--([a-z-]+)(?: <(.+)>)?/.exec(flags) ?? []
    const camel = name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
    return [camel, value === undefined ? true : repeats ? ['x'] : 'x'] as const
  })
  return {
    args: Object.fromEntries((command.args ?? []).map(({ name }) => [name, 'x'])),
    rest: [],
    options: Object.fromEntries(options),
  }
}

/** The parameters that the route of a request knows; undefined where no route answers it. */
function parametersOf(method: string, path: string): string[] | undefined {
  const route = allRoutes().find(
    (each) =>
      each.method === method && new RegExp(`^${each.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(BASE + path),
  )
  if (route === undefined) return undefined
  return Object.keys((route.querySchema as { shape?: object } | undefined)?.shape ?? {})
}

describe('COMMANDS', () => {
  const asking = COMMANDS.flatMap((command) =>
    'request' in command ? [[command.name.join(' '), command] as const] : [],
  )

  it.each(asking)('ask by "%s" for what a route answers, with parameters that it takes', (_, command) => {
    const { method, path, query = {} } = command.request(filled(command))
    const known = parametersOf(method, path)
    expect(known).toEqual(expect.arrayContaining(Object.keys(query)))
  })
})
