import { activecampaign } from './activecampaign.ts'
import { airtable } from './airtable.ts'
import { auth0 } from './auth0.ts'
import { bigquery } from './bigquery.ts'
import { clearbit } from './clearbit.ts'
import type { Connector, Setup } from './connector.ts'
import { custom } from './custom.ts'
import { docusign } from './docusign.ts'
import { googleSheets } from './google-sheets.ts'
import { http } from './http.ts'
import { hubspot } from './hubspot.ts'
import { jwt } from './jwt.ts'
import { mailchimp } from './mailchimp.ts'
import { mailjet } from './mailjet.ts'
import { oauth2 } from './oauth2.ts'
import { pipedrive } from './pipedrive.ts'
import { findPreset } from './presets/preset-list.ts'
import { partsOfPresetType, presetSetup } from './presets/preset-setup.ts'
import { salesforce } from './salesforce.ts'
import { sendgrid } from './sendgrid.ts'
import { slack } from './slack.ts'
import { stripe } from './stripe.ts'
import { telegram } from './telegram.ts'
import { parseTemplate } from './template.ts'
import { templatesOf } from './templates-of-setup.ts'
import { twilio } from './twilio.ts'
import { whatsapp } from './whatsapp.ts'
import { zapier } from './zapier.ts'

/** Every app a connection can be for: the 21 of Auth0's API, and two of ours for everything else. */
export const CONNECTORS: readonly Connector[] = [
  activecampaign,
  airtable,
  auth0,
  bigquery,
  clearbit,
  custom,
  docusign,
  googleSheets,
  http,
  hubspot,
  jwt,
  mailchimp,
  mailjet,
  oauth2,
  pipedrive,
  salesforce,
  sendgrid,
  slack,
  stripe,
  telegram,
  twilio,
  whatsapp,
  zapier,
]

for (const setup of CONNECTORS.flatMap((connector) => connector.setups))
  templatesOf(setup).forEach(parseTemplate)

/** The ids of all apps, in the catalogue's order: what `app_id` may be. */
export const APP_IDS: readonly string[] = CONNECTORS.map((connector) => connector.appId)

const BY_APP_ID: ReadonlyMap<string, Connector> = new Map(
  CONNECTORS.map((connector) => [connector.appId, connector]),
)

/** The connector of an app, or undefined for an id that is not in the catalogue. */
export function findConnector(appId: string): Connector | undefined {
  return BY_APP_ID.get(appId)
}

/**
 * The connector's setup of that type, also that of a named service. Without a type: the only one whose type may be left out, or else the only
 * one there is. Undefined when there is none, or more than one.
 */
export function findSetup(connector: Connector, type: string | undefined): Setup | undefined {
  if (type !== undefined) {
    return connector.setups.find((setup) => setup.type === type) ?? findPresetSetup(connector, type)
  }
  const optional = connector.setups.filter((setup) => !setup.typeRequired)
  const candidates = optional.length > 0 ? optional : connector.setups
  return candidates.length === 1 ? candidates[0] : undefined
}

/** The same by the id of the app; undefined also for an app that is not in the catalogue. */
export function findSetupOf(appId: string, type: string | undefined): Setup | undefined {
  const connector = findConnector(appId)
  return connector === undefined ? undefined : findSetup(connector, type)
}

function findPresetSetup(connector: Connector, type: string): Setup | undefined {
  const parts = partsOfPresetType(type)
  const general = connector.setups.find((setup) => setup.type === parts?.type)
  const preset = parts === undefined ? undefined : findPreset(parts.provider)
  return general === undefined || preset === undefined ? undefined : presetSetup(general, preset)
}
