import twilio from 'twilio'
import { type LocalService, startLocalService } from '../local-service.ts'

export interface LocalTwilio extends LocalService {
  /** Keys that are accepted; a real account has two while one is being replaced. */
  readonly keys: Set<string>
  readonly messages: { readonly to: string; readonly body: string }[]
  /** The SDK's own client, sending here what it would send to api.twilio.com. */
  readonly httpClient: twilio.RequestClient
}

type LocalOptions<T> = Parameters<typeof twilio.RequestClient.prototype.request<T>>[0]

/** Twilio's "create a message" on this machine: Basic authentication, a form, JSON back. */
export async function startLocalTwilio(accountId: string, key: string): Promise<LocalTwilio> {
  const keys = new Set([key])
  const messages: { to: string; body: string }[] = []
  const service = await startLocalService((request, text) => {
    const [id, given = ''] = Buffer.from(
      (request.headers.authorization ?? '').replace('Basic ', ''),
      'base64',
    )
      .toString('utf8')
      .split(':')
    if (id !== accountId || !keys.has(given))
      return { status: 401, body: { code: 20003, message: 'Authenticate' } }
    const form = new URLSearchParams(text)
    messages.push({ to: form.get('To') ?? '', body: form.get('Body') ?? '' })
    return { status: 201, body: { sid: `SM${String(messages.length).padStart(32, '0')}`, status: 'queued' } }
  })
  class LocalClient extends twilio.RequestClient {
    override request<T>(options: LocalOptions<T>) {
      const uri = options.uri.replace('https://api.twilio.com', service.url)
      return super.request<T>({ ...options, uri })
    }
  }
  return { ...service, keys, messages, httpClient: new LocalClient() }
}
