import type { Flood } from './flood-process.ts'

const PATH = '/api/v2/flows/vault/connections'

/** What one tenant, or nobody in particular, sends to slow the others down; by what it is. */
export function floodsOf(evil: {
  url: string
  token: string
  id: string
  hangingUrl: string
}): Record<string, Flood> {
  const headers = { authorization: `Bearer ${evil.token}`, 'content-type': 'application/json' }
  const get = (pathAndQuery: string, connections: number): Flood => ({
    kind: 'requests',
    url: `${evil.url}${pathAndQuery}`,
    connections,
    method: 'GET',
    headers,
  })
  const post = (pathname: string, connections: number, body: string): Flood => ({
    ...(get(pathname, connections) as Extract<Flood, { kind: 'requests' }>),
    method: 'POST',
    body,
  })
  const hanging = JSON.stringify({
    name: 'hangs',
    app_id: 'OAUTH2',
    setup: {
      type: 'CLIENT_CREDENTIALS',
      client_id: 'a',
      client_secret: 'client-secret-of-evil',
      token_url: evil.hangingUrl,
    },
  })
  return {
    'filtered lists, 30 at once': get(`${PATH}?q=zzz&include_totals=true`, 30),
    'counts, 30 at once': get(`${PATH}/summary?q=zzz`, 30),
    'fetches, 64 at once': get(`${PATH}/${evil.id}/credentials`, 64),
    'complaints, 64 at once': post(
      `${PATH}/${evil.id}/credentials/rejected`,
      64,
      JSON.stringify({ credential_version: 1 }),
    ),
    'bodies of 100 KB, 32 at once': post(PATH, 32, JSON.stringify({ name: 'x'.repeat(100_000) })),
    'creates at a hanging token endpoint, 128 at once': post(PATH, 128, hanging),
    'documents without a token, 64 at once': { ...get('/openapi.json', 64), headers: {} } as Flood,
    'bad tokens, 64 at once': {
      ...(get(PATH, 64) as Extract<Flood, { kind: 'requests' }>),
      headers: { authorization: 'Bearer a.b.c' },
    },
    '10,000 connections of one address': { kind: 'connections', url: evil.url, count: 10_000 },
  }
}
