import { userInfo } from 'node:os'
import path from 'node:path'
import type { RunningServer } from './server.ts'

const PROXY_IGNORED = [
  '  HTTPS_PROXY is set and not used: providers and webhooks are called directly.',
  '  FLOW_VAULT_USE_PROXY=true has them called through it (docs/operations.md, "Behind an outgoing proxy").',
  '',
]

const RESTORED = [
  '  RESTORED from a copy: refresh tokens that may change with each use are not sent, or the original loses its grants.',
  '  If the original is gone, say so:  npm run -s restore -- --source-is-gone',
  '',
]

const MOVED = [
  '  MOVED, or being moved, to another vault: what is held is handed out to its end, and changes are refused.',
  '',
]

/** What the commands for this folder need: nothing where they look by themselves, else the option that names it. */
function dataOption(folder: string): string {
  if (folder === path.resolve('.flow-vault')) return ''
  return ` -- --data ${/^[\w/.,:@%+-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", "'\\''")}'`}`
}

/** What `npm start` prints: where the vault is, how to get a token, and one request to try. */
export function banner(server: RunningServer): string {
  const { url, tlsUrl, dev, settings } = server
  const lines = [
    '',
    'Flow Vault is ready.',
    '',
    `  API        ${url}/api/v2/flows/vault/connections`,
    `  TLS        ${tlsUrl}  (authority: ${dev?.ca ?? path.join(settings.dataFolder, 'ca.pem')})`,
    `  Reference  ${url}/docs`,
    `  Data       ${settings.dataFolder}`,
    '',
    ...(server.mark === undefined ? [] : server.mark.move === undefined ? RESTORED : MOVED),
    ...(settings.ignoresProxy ? PROXY_IGNORED : []),
  ]
  if (settings.foreignIssuer !== undefined) {
    lines.push(
      `  Tokens come from ${settings.foreignIssuer.issuer}, for ${settings.foreignIssuer.audience}.`,
      '',
    )
    return `${lines.join('\n')}\n`
  }
  lines.push(
    '  A token (in another terminal, in this folder):',
    `    TOKEN=$(npm run -s token${dataOption(settings.dataFolder)})`,
    '',
    '  Try:',
    `    curl -s -H "Authorization: Bearer $TOKEN" ${url}/api/v2/flows/vault/connections`,
    '',
  )
  if (dev !== undefined) {
    const link = server.vault.signInLink({ clientId: dev.client_id, person: userInfo().username })
    lines.splice(
      3,
      0,
      `  Page       ${link}`,
      `             (works once, within a minute; afterwards: npm run -s open${dataOption(settings.dataFolder)})`,
    )
    lines.push(
      `  The first client (tenant ${dev.tenant}) is in ${path.join(settings.dataFolder, 'dev.json')}.`,
      '',
    )
  }
  return `${lines.join('\n')}\n`
}
