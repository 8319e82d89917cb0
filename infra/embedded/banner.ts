import { userInfo } from 'node:os'
import path from 'node:path'
import { calledAs } from './commands/called-as.ts'
import type { RunningServer } from './server.ts'

function proxyIgnored(variable: string): string[] {
  return [
    `  ${variable} is set and not used: providers and webhooks are called directly.`,
    '  FLOW_VAULT_USE_PROXY=true has them called through HTTPS_PROXY (docs/operations.md, "Behind an outgoing proxy").',
    '',
  ]
}

function restored(folder: string): string[] {
  return [
    '  RESTORED from a copy: refresh tokens that may change with each use are not sent, or the original loses its grants.',
    `  If the original is gone, say so:  ${calledAs('restore', { words: '--source-is-gone', folder })}`,
    '',
  ]
}

const MOVED = [
  '  MOVED, or being moved, to another vault: what is held is handed out to its end, and changes are refused.',
  '',
]

/** What `npm start` prints: where the vault is, how to get a token, and one request to try. */
export function banner(server: RunningServer): string {
  const { url, tlsUrl, dev, settings } = server
  const folder = settings.dataFolder
  const lines = [
    '',
    'Flow Vault is ready.',
    '',
    `  API        ${url}/api/v2/flows/vault/connections`,
    `  TLS        ${tlsUrl}  (authority: ${dev?.ca ?? path.join(folder, 'ca.pem')})`,
    `  Reference  ${url}/docs`,
    `  Data       ${folder}`,
    '',
    ...(server.mark === undefined ? [] : server.mark.move === undefined ? restored(folder) : MOVED),
    ...(settings.ignoredProxy === undefined ? [] : proxyIgnored(settings.ignoredProxy)),
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
    `    TOKEN=$(${calledAs('token', { folder })})`,
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
      `             (works once, within a minute; afterwards: ${calledAs('open', { folder })})`,
    )
    lines.push(`  The first client (tenant ${dev.tenant}) is in ${path.join(folder, 'dev.json')}.`, '')
  }
  return `${lines.join('\n')}\n`
}
