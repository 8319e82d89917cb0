/** Sign-in and consent take a handful of redirects; more means a loop. */
const MAX_STEPS = 15

/**
 * Stands for the person and the browser: opens the provider's page, presses the button of each question, and answers
 * the address that the provider finally sends the browser to, which is not opened.
 */
export async function allow(authorizationUrl: URL): Promise<URL> {
  const cookies = new Map<string, string>()
  let url = authorizationUrl
  let method = 'GET'
  for (let step = 0; step < MAX_STEPS; step += 1) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, { method, redirect: 'manual', headers: { cookie } })
    await answer.arrayBuffer()
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      cookies.set(name, value)
    }
    const location = answer.headers.get('location')
    method = location === null ? 'POST' : 'GET'
    if (location !== null) url = new URL(location, url)
    if (url.origin !== authorizationUrl.origin) return url
  }
  throw new Error('the provider never sent the browser back')
}
