import { html, type TemplateResult } from 'lit'
import type { Connection } from '../api/types.ts'
import { CONNECTION } from '../texts/connection-words.ts'

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
    [
      CONNECTION.use.terraform,
      `resource "auth0_flow_vault_connection" "this" {
  app_id = ${inTerraform(app)}
  name   = ${inTerraform(name)}
  lifecycle {
    ignore_changes = [account_name]
  }
}

import {
  to = auth0_flow_vault_connection.this
  id = ${inTerraform(id)}
}`,
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

/** A text as Terraform reads it: what begins a template there is none. */
function inTerraform(text: string): string {
  return JSON.stringify(text.replaceAll(/[$%](?=\{)/g, (sign) => sign + sign))
}
