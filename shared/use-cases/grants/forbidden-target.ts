import { calledUrls } from '../../connectors/called-urls.ts'
import type { Setup } from '../../connectors/connector.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { FailureTold } from '../../ports/grant-runner.ts'
import type { UrlCheck } from '../../ports/outgoing-fetch.ts'
import { ALLOWED_TARGETS } from './next-step.ts'

/** The failure of the first field whose address the vault must call and never will, or undefined. */
export function forbiddenField(
  checkUrl: UrlCheck,
  setup: Setup,
  values: JsonObject,
): FailureTold | undefined {
  for (const { name, url } of calledUrls(setup, values)) {
    const refusal = checkUrl(url)
    if (refusal !== undefined) return forbiddenTarget(refusal, name)
  }
  return undefined
}

function forbiddenTarget(
  { code, message }: { readonly code: string; readonly message: string },
  field: string,
): FailureTold {
  return {
    class: 'refused',
    code,
    message: `${message} ${ALLOWED_TARGETS}`,
    next: 'stop',
    target: { reason: message.replace(/\.$/, ''), field },
  }
}
