import { html, nothing, type TemplateResult } from 'lit'
import type { Connection, Connector } from '../api/types.ts'
import { CONNECTION, MENU } from '../texts/connection-words.ts'

/** What was entered, as far as it is no secret; a secret is only ever replaced. */
export function settingsTab(
  connection: Connection,
  connector: Connector | undefined,
  replace: () => void,
): TemplateResult {
  const setup = connector?.setups.find(({ type }) => type === connection.setup_type)
  const fields = setup?.fields.filter((field) => !field.headless) ?? []
  const settings = connection.settings ?? {}
  const stored = new Set(connection.secrets?.map(({ name }) => name) ?? [])
  const secrets = fields.filter(({ secret, name }) => secret && stored.has(name))
  const shown = fields.filter(({ secret, name }) => !secret && settings[name] !== undefined)
  return html`
    ${
      shown.length === 0
        ? nothing
        : html`<dl class="facts">
            ${shown.map(({ name, label }) => html`<dt>${label}</dt><dd><bdi>${String(settings[name])}</bdi></dd>`)}
          </dl>`
    }
    ${
      secrets.length === 0 || connection.status === 'empty'
        ? nothing
        : html`<dl class="facts">
            ${secrets.map(({ label }) => html`<dt>${label}</dt><dd>${CONNECTION.stored}</dd>`)}
          </dl>`
    }
    <p class="muted">${CONNECTION.storedSecret} ${CONNECTION.replaceHint}</p>
    <div><button type="button" @click=${replace}>${MENU.replace}</button></div>
  `
}

/** How a flow gets the credential, with this very id. */
export function useTab({ id, name, app_id: app }: Connection, publicUrl: string): TemplateResult {
  const examples: readonly (readonly [string, string])[] = [
    [
      CONNECTION.use.curl,
      `curl -H "Authorization: Bearer $TOKEN" \\\n${publicUrl}/api/v2/flows/vault/connections/${id}/credentials`,
    ],
    [
      CONNECTION.use.client,
      `import { createFlowVault } from 'flow-vault/client'

const vault = createFlowVault({ url: '${publicUrl}', clientId, clientSecret })
const answer = await vault.fetch('${id}', '/path')`,
    ],
    [
      CONNECTION.use.sdk,
      `// Runs once more, with a newer credential, when the service refuses the first.
await vault.use('${id}', ({ fields }) => sdk(fields).send())`,
    ],
    [
      CONNECTION.use.middleware,
      `import { flowVault } from 'flow-vault/middleware'

const client = { url: '${publicUrl}', clientId, clientSecret }
export const handler = middy()
  .use(flowVault({ client, connections: { service: '${id}' }, setToContext: true }))
  .handler(async (event, { service }) => send(service.fields, event))`,
    ],
    [
      CONNECTION.use.picker,
      `<script type="module" src="${publicUrl}/vault/picker.js"></script>
<vault-connection-picker app-id="${app}" value="${id}"></vault-connection-picker>`,
    ],
    [CONNECTION.use.deploy, JSON.stringify({ name, app_id: app }, null, 2)],
  ]
  return html`${examples.map(
    ([title, text]) => html`<section class="section">
      <div class="row-of"><h3>${title}</h3><copy-button .text=${text}></copy-button></div>
      <pre tabindex="0">${text}</pre>
    </section>`,
  )}`
}
