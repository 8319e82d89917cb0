import { BlockList, isIP } from 'node:net'
import type { APIGatewayProxyEventV2 } from 'aws-lambda'

/** What proxies say of the request they pass on. From anybody else it is what an attacker would like to be true. */
const FORWARDED_HEADERS = [
  ...[
    'forwarded',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-port',
    'x-forwarded-proto',
    'x-real-ip',
  ],
]

/** Addresses and networks of proxies, as `FLOW_VAULT_TRUSTED_PROXIES` names them. */
export function proxyList(entries: readonly string[]): BlockList {
  const list = new BlockList()
  for (const entry of entries) {
    const [address = '', prefix] = entry.split('/')
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}

/**
 * Says how a request came: by the listener, or by what a named proxy says of the connection it took it from. Scheme
 * (`x-forwarded-proto`) and client address are then right for all who read them; everything else that a proxy or a
 * client may have added is taken off, the host with it: what the vault is called comes from its setting alone.
 */
export function markArrival(
  event: APIGatewayProxyEventV2,
  options: { tls: boolean; proxies: BlockList },
): void {
  const { headers, requestContext } = event
  const { 'x-forwarded-for': forwardedFor, 'x-forwarded-proto': forwardedProto } = headers
  const isByProxy = FORWARDED_HEADERS.some((name) => headers[name] !== undefined)
  for (const name of FORWARDED_HEADERS) delete headers[name]
  headers['x-forwarded-proto'] = options.tls ? 'https' : 'http'
  if (!isIn(options.proxies, requestContext.http.sourceIp)) {
    // Not believed, and still a sign that it came from elsewhere.
    if (isByProxy) headers['via'] ??= '1.1 unknown'
    return
  }
  if (forwardedProto === 'https' || forwardedProto === 'http') headers['x-forwarded-proto'] = forwardedProto
  const client = clientOf(forwardedFor, options.proxies)
  if (client !== undefined) requestContext.http.sourceIp = client
  headers['via'] ??= '1.1 proxy'
}

/** The last address that is no proxy of ours: those before it were written by whoever sent the request. */
function clientOf(forwardedFor: string | undefined, proxies: BlockList): string | undefined {
  const addresses = forwardedFor?.split(',').map((address) => address.trim()) ?? []
  return addresses.findLast((address) => isIP(address) !== 0 && !isIn(proxies, address))
}

/** Whether the list names the address, or a network that it is in. */
export function isIn(list: BlockList, address: string): boolean {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  const plain = mapped ?? address
  const family = isIP(plain)
  return family !== 0 && list.check(plain, family === 6 ? 'ipv6' : 'ipv4')
}
