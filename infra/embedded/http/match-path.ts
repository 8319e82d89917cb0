import type { Route } from '../../../functions/route.ts'
import { routeKeyOf } from '../../../functions/route.ts'
import type { RouteFinder, RouteMatch } from './gateway-event.ts'

interface Node {
  readonly children: Map<string, Node>
  parameter?: { readonly name: string; readonly node: Node }
  readonly keys: Map<string, string>
}

/**
 * Matches paths as API Gateway HTTP APIs do: literal segments before parameters, a whole segment a parameter,
 * percent-decoded. A path whose decoding fails has no route.
 */
export function createRouteFinder(routes: readonly Pick<Route<never>, 'method' | 'path'>[]): RouteFinder {
  const root = newNode()
  for (const route of routes) {
    let node = root
    for (const segment of route.path.split('/').slice(1)) node = childFor(node, segment)
    node.keys.set(route.method, routeKeyOf(route))
  }
  return (method, path) => matchPath(root, method, path)
}

function newNode(): Node {
  return { children: new Map(), keys: new Map() }
}

function childFor(node: Node, segment: string): Node {
  if (segment.startsWith('{')) {
    node.parameter ??= { name: segment.slice(1, -1), node: newNode() }
    return node.parameter.node
  }
  let child = node.children.get(segment)
  if (child === undefined) {
    child = newNode()
    node.children.set(segment, child)
  }
  return child
}

function matchPath(root: Node, method: string, path: string): RouteMatch | undefined {
  let node = root
  let parameters: Record<string, string> | undefined
  let start = 1
  while (start <= path.length) {
    const slash = path.indexOf('/', start)
    const end = slash < 0 ? path.length : slash
    const segment = path.slice(start, end)
    const literal = node.children.get(segment)
    if (literal !== undefined) {
      node = literal
    } else if (node.parameter !== undefined && segment !== '') {
      const value = decode(segment)
      if (value === undefined) return undefined
      parameters = { ...parameters, [node.parameter.name]: value }
      node = node.parameter.node
    } else {
      return undefined
    }
    start = end + 1
  }
  const routeKey = node.keys.get(method)
  if (routeKey === undefined) return undefined
  return parameters === undefined ? { routeKey } : { routeKey, pathParameters: parameters }
}

function decode(segment: string): string | undefined {
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
