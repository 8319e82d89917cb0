import { CONNECTIONS, type GrantCalls } from '../support/grant-calls.ts'
import { until } from '../support/until.ts'

const FREEZES = '/api/v2/flows/vault/freezes'
/** Other instances see a freeze within a second, and its job begins about then; an emulator’s queue needs longer. */
const FREEZE_WITHIN_MS = 60_000
const FLOWS = 10

/**
 * What happens to a grant after its first day: renewed, complained of, revoked, frozen; against any running vault.
 * `aside` makes the calls of a tenant that has nothing yet.
 */
export function endingSuite(place: () => GrantCalls, aside: () => GrantCalls): void {
  describe('a grant', () => {
    let world: GrantCalls
    beforeAll(() => {
      world = place()
    })

    const tokenOf = async (id: string): Promise<string> =>
      (await world.fetchCredential(id)).body.fields.access_token
    const sent = () => world.provider.tokenRequests.flatMap(({ refreshToken }) => refreshToken ?? [])
    const rejected = (id: string, version: number) =>
      world.call('POST', `${CONNECTIONS}/${id}/credentials/rejected`, { credential_version: version })

    it('is renewed when a person asks: another token that works, and each refresh token sent once', async () => {
      const id = await world.authorized()
      const tokens = [await tokenOf(id)]
      const before = sent().length
      for (const version of [3, 4]) {
        expect((await world.call('POST', `${CONNECTIONS}/${id}/rotate`)).status).toBe(200)
        expect(await world.view(id)).toMatchObject({ status: 'ready', credential_version: version })
        tokens.push(await tokenOf(id))
      }
      expect(new Set(tokens).size).toBe(3)
      await expect(world.provider.isActive(tokens[2]!)).resolves.toBe(true)
      const used = sent().slice(before)
      expect(used).toHaveLength(2)
      expect(new Set(used).size).toBe(2)
    })

    it('is renewed once for all flows whose token was refused at the same time', async () => {
      const id = await world.authorized()
      const old = await tokenOf(id)
      const before = sent().length
      const answers = await Promise.all(Array.from({ length: FLOWS }, () => rejected(id, 2)))
      expect(answers.map(({ status, body }) => ({ status, ...body }))).toEqual(
        Array.from({ length: FLOWS }, () =>
          expect.objectContaining({ status: 200, renewed: true, credential_version: 3 }),
        ),
      )
      expect(sent().length - before).toBe(1)
      expect(await tokenOf(id)).not.toBe(old)
      expect((await rejected(id, 99)).status).toBe(400)
    })

    it('is not given up while its provider is away', async () => {
      const id = await world.authorized()
      const old = await tokenOf(id)
      world.provider.setFault('status-503-retry-after')
      const answer = await world.call('POST', `${CONNECTIONS}/${id}/rotate`)
      world.provider.setFault(undefined)
      expect(answer.status).toBe(200)
      expect(await world.view(id)).toMatchObject({ status: 'degraded', failure: { class: 'passing' } })
      expect(await tokenOf(id)).toBe(old)
      await world.call('POST', `${CONNECTIONS}/${id}/rotate`)
      expect(await world.view(id)).toMatchObject({ status: 'ready', failure: null })
    })

    it('is over when the person has revoked it at the provider, and says what to do', async () => {
      const id = await world.authorized()
      world.provider.revokeGrantOf(await tokenOf(id))
      await world.call('POST', `${CONNECTIONS}/${id}/rotate`)
      const fetched = await world.fetchCredential(id)
      expect(fetched).toMatchObject({ status: 409, body: { errorCode: 'reauthorization_required' } })
      expect((await world.open(await world.consent(id))).status).toBe(200)
      await expect(world.provider.isActive(await tokenOf(id))).resolves.toBe(true)
    })

    // Nothing is revoked for which the tenant holds another grant of the same client.
    it('keeps its grant under another secret or scope, and ends it with its client', async () => {
      const world = aside()
      const id = await world.authorized({ audience: 'https://replaced.example' })
      const old = (await world.fetchCredential(id)).body.fields.access_token
      // The grant has been renewed since the connection was made: the newest refresh token is the one to revoke.
      await world.call('POST', `${CONNECTIONS}/${id}/rotate`)
      const renewed = (await world.fetchCredential(id)).body.fields.access_token
      expect(renewed).not.toBe(old)
      const replaceBy = async (members: Record<string, string>) => {
        const setup = world.codeSetup(members)
        return (await world.call('PATCH', `${CONNECTIONS}/${id}`, { setup })).body
      }
      expect(await replaceBy({ audience: 'https://replaced.example', scope: 'read' })).toMatchObject({
        ready: true,
      })
      expect((await world.fetchCredential(id)).body.fields.access_token).toBe(renewed)
      await expect(world.provider.isActive(renewed)).resolves.toBe(true)
      expect(await replaceBy({ audience: 'https://another.example' })).toMatchObject({ ready: false })
      await expect(world.provider.isActive(renewed)).resolves.toBe(false)
    })

    it('revokes the grant of a deleted connection, which comes back to be authorized again', async () => {
      const world = aside()
      const id = await world.authorized({ audience: 'https://deleted.example' })
      const token = (await world.fetchCredential(id)).body.fields.access_token
      expect((await world.call('DELETE', `${CONNECTIONS}/${id}`)).status).toBe(204)
      await expect(world.provider.isActive(token)).resolves.toBe(false)
      expect((await world.fetchCredential(id)).status).toBe(404)
      const restored = await world.call('POST', `${CONNECTIONS}/${id}/restore?view=full`)
      expect(restored.status).toBe(200)
      expect(await world.view(id)).toMatchObject({ status: 'reauthorization_required', ready: false })
      expect((await world.fetchCredential(id)).body.errorCode).toBe('reauthorization_required')
      const answer = await world.open(await world.consent(id))
      expect(answer.status).toBe(200)
      expect(await world.view(id)).toMatchObject({ status: 'ready', ready: true })
    })

    describe('that is frozen', () => {
      const freeze = async (body: object): Promise<string> => {
        const made = await world.call('POST', FREEZES, { reason: 'a leaked token', ...body })
        expect(made.status).toBe(201)
        return made.body.id
      }
      const lift = async (id: string) =>
        expect((await world.call('DELETE', `${FREEZES}/${id}`)).status).toBe(204)
      const fetchUntil = (id: string, status: number) =>
        until(
          () => world.fetchCredential(id),
          (answer) => answer.status === status,
          FREEZE_WITHIN_MS,
        )

      it('is neither handed out nor renewed until the freeze is lifted, and then is as it was', async () => {
        const [id, other] = [await world.authorized(), await world.authorized()]
        const before = await tokenOf(id)
        const frozen = await freeze({ connection_id: id })
        expect((await fetchUntil(id, 409)).body).toMatchObject({
          errorCode: 'connection_frozen',
          message: expect.stringContaining('a leaked token'),
        })
        const asked = sent().length
        expect((await world.call('POST', `${CONNECTIONS}/${id}/rotate`)).status).toBe(409)
        expect((await rejected(id, 2)).status).toBe(409)
        expect(sent()).toHaveLength(asked)
        expect((await world.fetchCredential(other)).status).toBe(200)
        await lift(frozen)
        expect((await fetchUntil(id, 200)).body.fields.access_token).toBe(before)
      })

      it('ends at the provider when the freeze says so, and the job tells who must authorize again', async () => {
        const id = await world.authorized()
        const token = await tokenOf(id)
        const frozen = await freeze({ connection_id: id, revoke: true })
        const { body } = await until(
          () => world.call('GET', `${FREEZES}/${frozen}`),
          (answer) => answer.body.progress.state === 'done',
          FREEZE_WITHIN_MS,
        )
        expect(body.progress).toMatchObject({ revoked: 1, failed: [], must_authorize_again: [id] })
        await expect(world.provider.isActive(token)).resolves.toBe(false)
        await lift(frozen)
        const after = await until(
          () => world.fetchCredential(id),
          (answer) => answer.body.errorCode !== 'connection_frozen',
          FREEZE_WITHIN_MS,
        )
        expect(after.body.errorCode).toBe('reauthorization_required')
        expect((await world.events(id)).map(({ type }) => type)).toEqual(
          expect.arrayContaining(['connection.frozen', 'connection.reauthorization_required']),
        )
      })
    })
  })
}
