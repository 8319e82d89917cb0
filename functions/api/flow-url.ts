import * as z from 'zod/mini'
import { isWebUrl, MAX_URL_CHARS } from '../../shared/connectors/field-format.ts'
import { isLoopback } from '../../shared/settings/setting-formats.ts'

const ALLOWED = `an https:// URL (http:// on loopback) without user information, at most ${MAX_URL_CHARS} characters`

/** Where people open a flow, as it is sent: the page makes a link of it, so that it has to lead where it seems to. */
export function flowUrl() {
  const text = z.string().check((payload) => {
    const { value } = payload
    if (isFlowUrl(value)) return
    const message = "Object didn't pass validation for format uri"
    payload.issues.push({ code: 'custom', message, params: { allowed: ALLOWED }, input: value })
  })
  const described = { format: 'uri', pattern: '^https?://', maxLength: MAX_URL_CHARS }
  return text.register(z.globalRegistry, described)
}

/** A fragment may name the flow: some editors are one page. */
function isFlowUrl(text: string): boolean {
  return isWebUrl(text) && (/^https:/i.test(text) || isLoopback(text))
}
