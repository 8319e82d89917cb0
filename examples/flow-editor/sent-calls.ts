import type { Credential } from '../../shared/flow-client/client.ts'

/** A call that left for a service, as a person may see it. */
export interface SentCall {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly status: number
}

const HIDDEN = '[redacted]'
/** Nothing shorter is worth hiding: it would blank out half of what is shown. */
const MIN_HIDDEN_LENGTH = 4
/** What a person reads of a body. */
const SHOWN_CHARACTERS = 2_000

/** The calls of one run, with every part of the credential taken out before anything keeps them. */
export class SentCalls {
  readonly calls: SentCall[] = []
  readonly #secrets = new Set<string>()

  /** Everything that this credential adds to a call is hidden from now on, also where a service repeats it. */
  hide({ request, fields }: Credential): void {
    const texts = [...Object.values(request.headers), ...Object.values(request.query), request.url ?? '']
    for (const text of [...texts, ...Object.values(fields)]) {
      // "Bearer …" and "Basic …": the scheme may be seen.
      for (const part of [text, ...text.split(' ')])
        if (part.length >= MIN_HIDDEN_LENGTH && !SCHEMES.has(part)) this.#secrets.add(part)
    }
  }

  /** Keeps what may be shown of a call. */
  record(call: SentCall): void {
    const headers = Object.entries(call.headers).map(([name, value]) => [
      name,
      /^(?:authorization|cookie)$/i.test(name)
        ? value.replace(/^(\w+ )?.*$/s, `$1${HIDDEN}`)
        : this.#shown(value),
    ])
    this.calls.push({
      method: call.method,
      url: this.#shown(call.url),
      headers: Object.fromEntries(headers),
      body: this.#shown(call.body).slice(0, SHOWN_CHARACTERS),
      status: call.status,
    })
  }

  /** `fetch` that records what goes anywhere but to the vault. */
  fetch(vaultUrl: string): typeof fetch {
    return async (input, init) => {
      const answer = await fetch(input, init)
      const url = new URL(input instanceof Request ? input.url : input)
      if (url.origin === new URL(vaultUrl).origin) return answer
      this.record({
        method: init?.method ?? 'GET',
        url: url.href,
        headers: Object.fromEntries(new Headers(init?.headers)),
        body: typeof init?.body === 'string' ? init.body : '',
        status: answer.status,
      })
      return answer
    }
  }

  #shown(text: string): string {
    let shown = text
    // The longest first, or a part of a secret would be taken out of its middle.
    for (const secret of [...this.#secrets].sort((a, b) => b.length - a.length))
      for (const form of [secret, encodeURIComponent(secret)]) shown = shown.replaceAll(form, HIDDEN)
    return shown
  }
}

const SCHEMES = new Set(['Bearer', 'Basic', 'Token'])
