import { PAGE_ROOT } from '../mount.ts'
import { PAGE } from '../texts/page-texts.ts'
import { ApiError, noAnswer } from './api-error.ts'
import { PageSession } from './page-session.ts'
import type { Session, SignInConfig } from './signed-in.ts'

/** The session as this vault begins it. Throws `ApiError`. */
export async function openSession(onChange: (isSignedIn: boolean) => void): Promise<Session> {
  const config = await readConfig()
  if (config.sign_in === 'issuer') {
    const { IssuerSession } = await import('./issuer-session.ts')
    return new IssuerSession(config, onChange)
  }
  if (config.sign_in === 'none') throw new ApiError({ status: 404, message: PAGE.signInNowhere })
  return new PageSession(onChange)
}

async function readConfig(): Promise<SignInConfig> {
  const answer = await fetch(`${PAGE_ROOT}/config.json`, { credentials: 'same-origin' }).catch(
    () => undefined,
  )
  if (!answer?.ok) throw noAnswer()
  return (await answer.json()) as SignInConfig
}
