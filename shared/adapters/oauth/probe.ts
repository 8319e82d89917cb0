import type { ProbeOutcome, ProbeRequest } from '../../ports/oauth-client.ts'
import type { OutgoingAnswer, OutgoingFetch } from '../../ports/outgoing-fetch.ts'
import { memberAt, parseJsonObject } from './answer-json.ts'

/**
 * Makes a connector's test call once. A refused status, or a flag that is not true, proves that the credential was
 * refused; 429, a redirect and 5xx prove nothing; any other answer proves that it was accepted.
 */
export async function probeCredential(request: ProbeRequest, fetch: OutgoingFetch): Promise<ProbeOutcome> {
  const url = URL.parse(request.url)
  if (url === null)
    return { kind: 'unreachable', message: 'The address of the test call is not a valid URL.' }
  for (const [name, value] of Object.entries(request.query)) url.searchParams.set(name, value.reveal())
  const headers: Record<string, string> = { accept: 'application/json' }
  for (const [name, value] of Object.entries(request.headers)) headers[name.toLowerCase()] = value.reveal()

  const outcome = await fetch(url, {
    tenant: request.tenant,
    method: request.method,
    headers,
    timeoutMs: request.timeoutMs,
    repeatable: true,
  })
  if (outcome.kind === 'answer') return judge(request, url.host, outcome.status, outcome)
  if (outcome.status === undefined) return { kind: 'unreachable', message: outcome.message }
  // An answer that broke off after its status line, or is too long, still tells enough.
  return judge(request, url.host, outcome.status)
}

function judge(request: ProbeRequest, host: string, status: number, answer?: OutgoingAnswer): ProbeOutcome {
  if (request.refusedStatuses.includes(status)) {
    const message = `${host}: the credential was refused (HTTP ${status}).`
    return { kind: 'refused', message, httpStatus: status }
  }
  if (status >= 500 || status === 429 || (status >= 300 && status < 400)) {
    return { kind: 'unreachable', message: `${host}: the answer proves nothing (HTTP ${status}).` }
  }
  if (request.okMember === undefined) return { kind: 'accepted' }
  const body = answer === undefined ? undefined : parseJsonObject(answer)
  if (body === undefined) {
    return { kind: 'unreachable', message: `${host}: the answer could not be read (HTTP ${status}).` }
  }
  if (memberAt(body, request.okMember) === true) return { kind: 'accepted' }
  const message = `${host}: the credential was refused (${request.okMember} is not true).`
  return { kind: 'refused', message, httpStatus: status }
}
