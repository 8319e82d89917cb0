import { CONNECTIONS, type GrantCalls } from '../support/grant-calls.ts'

/** From a connection without a grant to one that a person authorized in a browser, against any running vault. */
export function authorizingSuite(place: () => GrantCalls, publicUrl: () => string): void {
  describe('authorizing a connection in a browser', () => {
    let world: GrantCalls
    beforeAll(() => {
      world = place()
    })
    afterEach(() => world.provider.setFault(undefined))

    const waiting = async (): Promise<string> => {
      const body = { name: 'Orders <b>', app_id: 'OAUTH2', setup: world.codeSetup() }
      return (await world.create(body)).body.id
    }
    const codesSent = () =>
      world.provider.tokenRequests.filter(({ grantType }) => grantType === 'authorization_code').length

    it('ends on a page that says so, with a token that works', async () => {
      const id = await waiting()
      const answer = await world.open(await world.consent(id))
      expect(answer.status).toBe(200)
      expect(answer.text).toContain('<h1>Connected</h1>')
      expect(answer.text).toContain('Orders &lt;b&gt; is authorized. Flows can use it now.')
      const credential = (await world.fetchCredential(id)).body
      await expect(world.provider.isActive(credential.fields.access_token)).resolves.toBe(true)
      expect(world.provider.tokenRequests.at(-1)?.parameters).toMatchObject({
        grant_type: 'authorization_code',
        redirect_uri: `${publicUrl()}/oauth/return/${id}`,
        code_verifier: expect.stringMatching(/^[0-9A-Za-z._~-]{43,128}$/),
      })
      expect(JSON.stringify(credential)).not.toContain('refresh')
    })

    it('is degraded with the list when a person grants fewer scopes, until they are granted', async () => {
      const id = await waiting()
      const answer = await world.open(await world.consent(id, { consent: { scopes: ['read'] } }))
      expect(answer.text).toContain('granted fewer scopes than were asked for. Missing: write.')
      expect(await world.view(id)).toMatchObject({
        status: 'degraded',
        ready: true,
        scopes: { required: ['read', 'write'], granted: ['read'], missing: ['write'] },
      })
      expect((await world.fetchCredential(id)).status).toBe(200)
      // The shortage is seen at each renewal as well, and is not forgotten by one.
      await world.call('POST', `${CONNECTIONS}/${id}/rotate`)
      expect(await world.view(id)).toMatchObject({ status: 'degraded', scopes: { missing: ['write'] } })
      await world.open(await world.consent(id))
      expect(await world.view(id)).toMatchObject({ id, status: 'ready', scopes: { missing: [] } })
      expect((await world.events(id)).map(({ type }) => type)).toEqual([
        'connection.created',
        'connection.degraded',
        'connection.credentials_rotated',
        'connection.recovered',
      ])
    })

    it('keeps the id and raises the version when it is authorized again', async () => {
      const id = await world.authorized()
      const before = (await world.fetchCredential(id)).body
      await world.open(await world.consent(id, { consent: { account: 'bob' } }))
      const after = (await world.fetchCredential(id)).body
      expect(after.credential_version).toBe(before.credential_version + 1)
      expect(after.fields.access_token).not.toBe(before.fields.access_token)
      await expect(world.provider.isActive(after.fields.access_token)).resolves.toBe(true)
    })

    it('says that the authorization was declined, and changes nothing', async () => {
      const id = await waiting()
      const answer = await world.open(await world.consent(id, { consent: { deny: true } }))
      expect(answer.status).toBe(400)
      expect(answer.text).toContain('<h1>Not connected</h1>')
      expect(answer.text).toContain('The authorization was declined.')
      expect((await world.view(id)).status).toBe('pending')
    })

    it('sends a code once, and answers the same callback alike', async () => {
      const id = await waiting()
      const callback = await world.consent(id)
      const seen = async () => (({ status, text }) => ({ status, text }))(await world.open(callback))
      const first = await seen()
      expect(first.status).toBe(200)
      const sent = codesSent()
      expect(await seen()).toEqual(first)
      expect(codesSent()).toBe(sent)
    })

    it('sends one token request for two callbacks at the same time', async () => {
      const id = await waiting()
      const callback = await world.consent(id)
      const sent = codesSent()
      const answers = await Promise.all([world.open(callback), world.open(callback)])
      expect(answers.map(({ status }) => status)).toEqual([200, 200])
      expect(answers[0]?.text).toBe(answers[1]?.text)
      expect(codesSent()).toBe(sent + 1)
      expect((await world.fetchCredential(id)).status).toBe(200)
    })

    it('does not authorize one connection with the code of another', async () => {
      const [mine, theirs] = [await waiting(), await waiting()]
      const [callback, other] = [await world.consent(mine), await world.consent(theirs)]
      callback.searchParams.set('code', other.searchParams.get('code') ?? '')
      const answer = await world.open(callback)
      expect(answer.status).toBe(400)
      expect(answer.text).toContain('Authorize the connection again.')
      // The operator reads what the person was told.
      const { status, status_reason, failure } = await world.view(mine)
      expect({ status, failure }).toMatchObject({ status: 'pending', failure: { code: 'invalid_grant' } })
      expect(answer.text).toContain(status_reason)
      await world.open(await world.consent(mine))
      expect(await world.view(mine)).toMatchObject({ status: 'ready', failure: null })
    })

    it('tells when the connection was deleted meanwhile, and revokes what it got', async () => {
      const id = await waiting()
      const callback = await world.consent(id)
      await world.call('DELETE', `${CONNECTIONS}/${id}`)
      const answer = await world.open(callback)
      expect(answer.status).toBe(400)
      expect(answer.text).toContain('The connection was deleted meanwhile.')
    })

    it.each([
      ['wrong', (callback: URL) => callback.searchParams.set('iss', 'https://evil.example.test')],
      ['missing', (callback: URL) => callback.searchParams.delete('iss')],
    ])('refuses an answer whose issuer is %s (RFC 9207)', async (_how, change) => {
      const id = await waiting()
      const callback = await world.consent(id)
      expect(callback.searchParams.get('iss')).toBe(world.provider.issuer)
      change(callback)
      const sent = codesSent()
      const answer = await world.open(callback)
      expect(answer.status).toBe(400)
      expect(answer.text).toContain('did not come from the provider that was asked')
      expect(codesSent()).toBe(sent)
    })

    it('sends the browser back to a page of the vault, with the outcome', async () => {
      const id = await waiting()
      const answer = await world.open(await world.consent(id, { body: { return_to: '/done?tab=1#end' } }))
      expect(answer.status).toBe(303)
      expect(answer.location).toMatch(
        new RegExp(
          `^/done\\?tab=1&connection_id=${id}&authorization_id=au_[0-9a-f]{27}&outcome=granted#end$`,
        ),
      )
    })
  })
}
