import { randomUUID } from 'node:crypto'
import { secretIdOf } from '../../shared/domain/secret-id.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import { ConditionFailedError } from '../../shared/ports/item-store.ts'
import {
  MAX_SECRET_BYTES,
  SecretConflictError,
  type SecretDescription,
  SecretNotFoundError,
  type SecretStore,
} from '../../shared/ports/secret-store.ts'
import { type Stores, storeVersion } from '../support/store-version.ts'

/** What a store's stand-in is known to do otherwise. Its test must fail: when it no longer does, drop the entry. */
export type SecretStoreDeviation = 'takes-versions-while-waiting-for-deletion'

/** Every promise of the `SecretStore` port, against the store that `open` gives. `open` is called once a test. */
export function secretStoreContract(
  name: string,
  open: () => Promise<Stores>,
  deviations: readonly SecretStoreDeviation[] = [],
): void {
  const itUnless = (deviation: SecretStoreDeviation) => (deviations.includes(deviation) ? it.failing : it)

  describe(`${name}, a SecretStore`, () => {
    let store: SecretStore
    let opened: Stores

    beforeEach(async () => {
      opened = await open()
      store = opened.secrets
    })

    const put = (secretId: string, versionId: string, value: SecretText, options?: { isNew?: boolean }) =>
      storeVersion(opened, { secretId, versionId, value, ...options })
    /** With the row the transaction fails; at once the store says why. */
    const refusalOf = (atOnce: typeof SecretNotFoundError | typeof SecretConflictError) =>
      store.staging === 'at-once' ? atOnce : ConditionFailedError

    it('stores a version when it says so, and not before', async () => {
      const [secretId, id] = [freshSecretId(), randomUUID()]
      const { versionId, writes } = await store.stage(secretId, id, new SecretText('one'), { isNew: true })
      expect(versionId).toBe(id)
      expect(writes.length > 0).toBe(store.staging === 'with-the-row')
      const early = await reveal(store, secretId, versionId).catch((error: unknown) => error)
      if (store.staging === 'at-once') return expect(early).toBe('one')
      expect(early).toBeInstanceOf(SecretNotFoundError)
      await opened.items!.transact(writes)
      expect(await reveal(store, secretId, versionId)).toBe('one')
    })

    describe('stage and get', () => {
      it('gives back exactly the version asked for, also when newer ones exist', async () => {
        const secretId = freshSecretId()
        const first = await put(secretId, randomUUID(), new SecretText('one'), { isNew: true })
        const second = await put(secretId, randomUUID(), new SecretText('two'))
        const third = await put(secretId, randomUUID(), new SecretText('three'))
        expect(await reveal(store, secretId, first.versionId)).toBe('one')
        expect(await reveal(store, secretId, second.versionId)).toBe('two')
        expect(await reveal(store, secretId, third.versionId)).toBe('three')
      })

      it.each([
        ['JSON with quotes and line ends', '{"token":"a\\"b\\\\c","note":"line\r\nline"}'],
        ['characters of one to four bytes', 'aé€𝄞\u2028'],
        ['spaces at both ends', '  padded  '],
        ['as many bytes as are allowed', 'x'.repeat(MAX_SECRET_BYTES)],
      ])('keeps %s as it is', async (_, text) => {
        const secretId = freshSecretId()
        const { versionId } = await put(secretId, randomUUID(), new SecretText(text), { isNew: true })
        expect(await reveal(store, secretId, versionId)).toBe(text)
      })

      it.each([
        ['an empty value', ''],
        ['one byte too many', 'x'.repeat(MAX_SECRET_BYTES + 1)],
        ['one character too many of two bytes', `${'é'.repeat(MAX_SECRET_BYTES / 2)}x`],
      ])('refuses %s and stores nothing', async (_, text) => {
        const secretId = freshSecretId()
        await expect(put(secretId, randomUUID(), new SecretText(text))).rejects.toThrow('secret value')
        expect(await find(store, secretId)).toBeUndefined()
      })

      it('makes a secret although it is told wrongly that it is not new, or refuses', async () => {
        const [secretId, id] = [freshSecretId(), randomUUID()]
        const told = put(secretId, id, new SecretText('one'), { isNew: false })
        if (store.staging === 'with-the-row') return expect(told).rejects.toThrow(ConditionFailedError)
        expect(await reveal(store, secretId, (await told).versionId)).toBe('one')
      })

      it('adds a version to a secret it is told wrongly is new, or refuses', async () => {
        const secretId = freshSecretId()
        const first = await put(secretId, randomUUID(), new SecretText('one'))
        const told = put(secretId, randomUUID(), new SecretText('two'), { isNew: true })
        if (store.staging === 'with-the-row') await expect(told).rejects.toThrow(ConditionFailedError)
        else expect(await reveal(store, secretId, (await told).versionId)).toBe('two')
        expect(await reveal(store, secretId, first.versionId)).toBe('one')
      })

      it.each([true, false])('changes nothing by a repeat, told that it is new: %s', async (isNew) => {
        const [secretId, token] = [freshSecretId(), randomUUID()]
        const first = await put(secretId, token, new SecretText('one'), { isNew: true })
        const repeat = put(secretId, token, new SecretText('one'), { isNew })
        if (store.staging === 'at-once') expect(await repeat).toEqual(first)
        else await expect(repeat).rejects.toThrow(ConditionFailedError)
        expect(await reveal(store, secretId, first.versionId)).toBe('one')
      })

      it.each([true, false])(
        'lets no other value take the place of a version, told that it is new: %s',
        async (isNew) => {
          const [secretId, token] = [freshSecretId(), randomUUID()]
          const { versionId } = await put(secretId, token, new SecretText('one'))
          const other = put(secretId, token, new SecretText('other'), { isNew })
          await expect(other).rejects.toThrow(refusalOf(SecretConflictError))
          expect(await reveal(store, secretId, versionId)).toBe('one')
        },
      )

      it('lets several first versions race, and keeps each that it says it has stored', async () => {
        const secretId = freshSecretId()
        const texts = ['a', 'b', 'c', 'd']
        const outcomes = await Promise.allSettled(
          texts.map((text) => put(secretId, randomUUID(), new SecretText(text), { isNew: true })),
        )
        const read: string[] = []
        for (const outcome of outcomes) {
          if (outcome.status === 'fulfilled')
            read.push(await reveal(store, secretId, outcome.value.versionId))
        }
        expect(read.length).toBe(store.staging === 'at-once' ? 4 : 1)
        expect(texts).toEqual(expect.arrayContaining(read))
      })

      it('lets one request race with its own repeat', async () => {
        const [secretId, token] = [freshSecretId(), randomUUID()]
        const once = () => put(secretId, token, new SecretText('one'), { isNew: true })
        const outcomes = await Promise.allSettled([once(), once()])
        const stored = outcomes.filter(({ status }) => status === 'fulfilled')
        expect(stored).toHaveLength(store.staging === 'at-once' ? 2 : 1)
        expect(await reveal(store, secretId, token)).toBe('one')
      })

      it('keeps two secrets apart that share a request token', async () => {
        const [left, right, token] = [freshSecretId(), freshSecretId(), randomUUID()]
        const { versionId: leftVersion } = await put(left, token, new SecretText('left'))
        const { versionId: rightVersion } = await put(right, token, new SecretText('right'))
        expect(await reveal(store, left, leftVersion)).toBe('left')
        expect(await reveal(store, right, rightVersion)).toBe('right')
      })

      it('throws SecretNotFoundError for a secret that was never there', async () => {
        await expect(store.get(freshSecretId(), randomUUID())).rejects.toThrow(SecretNotFoundError)
      })

      it('throws SecretNotFoundError for a version that was never there', async () => {
        const secretId = freshSecretId()
        await put(secretId, randomUUID(), new SecretText('one'))
        await expect(store.get(secretId, randomUUID())).rejects.toThrow(SecretNotFoundError)
      })
    })

    describe('has', () => {
      it('says of a version that it is there, also while its secret waits for its deletion', async () => {
        const secretId = freshSecretId()
        expect(await store.has(secretId, randomUUID())).toBe(false)
        const { versionId } = await put(secretId, randomUUID(), new SecretText('one'), { isNew: true })
        // Superseded twice, so that a store that labels the newest two has no label for it.
        for (const text of ['two', 'three']) await put(secretId, randomUUID(), new SecretText(text))
        expect(await store.has(secretId, versionId)).toBe(true)
        expect(await store.has(secretId, randomUUID())).toBe(false)
        await store.scheduleDeletion(secretId)
        expect(await store.has(secretId, versionId)).toBe(true)
        await store.purge(secretId)
        expect(await store.has(secretId, versionId)).toBe(false)
      })
    })

    describe('create', () => {
      it('makes a secret for who may make none, once, and leaves one alone that is there', async () => {
        const secretId = freshSecretId()
        await store.create(secretId)
        await store.create(secretId)
        expect(await find(store, secretId)).toEqual(
          store.staging === 'at-once' ? { secretId, createdAtMs: expect.any(Number) } : undefined,
        )
        const { versionId } = await put(secretId, randomUUID(), new SecretText('one'))
        await store.create(secretId)
        expect(await reveal(store, secretId, versionId)).toBe('one')
      })
    })

    describe('discard', () => {
      it('takes with the pointer what discarding answers', async () => {
        const secretId = freshSecretId()
        const old = await put(secretId, randomUUID(), new SecretText('old'), { isNew: true })
        const current = await put(secretId, randomUUID(), new SecretText('current'))
        const writes = store.discarding(secretId, old.versionId)
        if (writes.length === 0) return
        await opened.items!.transact(writes)
        await expect(store.get(secretId, old.versionId)).rejects.toThrow(SecretNotFoundError)
        expect(await reveal(store, secretId, current.versionId)).toBe('current')
      })

      it('leaves every other version readable', async () => {
        const secretId = freshSecretId()
        const old = await put(secretId, randomUUID(), new SecretText('old'))
        const current = await put(secretId, randomUUID(), new SecretText('current'))
        await store.discard(secretId, old.versionId)
        expect(await reveal(store, secretId, current.versionId)).toBe('current')
      })

      it('does nothing for a version that is not there', async () => {
        await expect(store.discard(freshSecretId(), randomUUID())).resolves.toBeUndefined()
      })
    })

    describe('scheduleDeletion and restore', () => {
      it('marks the secret in the list and brings it back whole', async () => {
        const secretId = freshSecretId()
        const { versionId } = await put(secretId, randomUUID(), new SecretText('one'))
        await store.scheduleDeletion(secretId)
        expect((await find(store, secretId))?.deletedAtMs).toBeGreaterThan(0)
        await store.restore(secretId)
        const restored = await find(store, secretId)
        expect(restored).toBeDefined()
        expect(restored).not.toHaveProperty('deletedAtMs')
        expect(await reveal(store, secretId, versionId)).toBe('one')
      })

      it('answers reads of a marked secret with the value or with SecretNotFoundError', async () => {
        const secretId = freshSecretId()
        const { versionId } = await put(secretId, randomUUID(), new SecretText('one'))
        await store.scheduleDeletion(secretId)
        const read = await reveal(store, secretId, versionId).catch((error: unknown) => error)
        expect(read === 'one' || read instanceof SecretNotFoundError).toBe(true)
      })

      itUnless('takes-versions-while-waiting-for-deletion')('takes no new version meanwhile', async () => {
        const secretId = freshSecretId()
        await put(secretId, randomUUID(), new SecretText('one'))
        await store.scheduleDeletion(secretId)
        const late = put(secretId, randomUUID(), new SecretText('two'))
        await expect(late).rejects.toThrow(refusalOf(SecretNotFoundError))
      })

      it('takes new versions again once restored', async () => {
        const secretId = freshSecretId()
        await put(secretId, randomUUID(), new SecretText('one'))
        await store.scheduleDeletion(secretId)
        await store.restore(secretId)
        const { versionId } = await put(secretId, randomUUID(), new SecretText('two'))
        expect(await reveal(store, secretId, versionId)).toBe('two')
      })

      it('does nothing the second time', async () => {
        const secretId = freshSecretId()
        await put(secretId, randomUUID(), new SecretText('one'))
        await store.scheduleDeletion(secretId)
        const marked = await find(store, secretId)
        await store.scheduleDeletion(secretId)
        expect(await find(store, secretId)).toEqual(marked)
      })

      it('does nothing for a secret that is not there', async () => {
        const secretId = freshSecretId()
        await expect(store.scheduleDeletion(secretId)).resolves.toBeUndefined()
        expect(await find(store, secretId)).toBeUndefined()
      })

      it('restores a secret that is not marked to what it is', async () => {
        const secretId = freshSecretId()
        const { versionId } = await put(secretId, randomUUID(), new SecretText('one'))
        await store.restore(secretId)
        expect(await reveal(store, secretId, versionId)).toBe('one')
      })

      it('throws SecretNotFoundError when there is nothing to restore', async () => {
        await expect(store.restore(freshSecretId())).rejects.toThrow(SecretNotFoundError)
      })
    })

    describe('purge', () => {
      it.each([true, false])('leaves nothing to read, list or restore, marked before: %s', async (marked) => {
        const secretId = freshSecretId()
        const first = await put(secretId, randomUUID(), new SecretText('one'))
        const second = await put(secretId, randomUUID(), new SecretText('two'))
        if (marked) await store.scheduleDeletion(secretId)
        await store.purge(secretId)
        await expect(store.get(secretId, first.versionId)).rejects.toThrow(SecretNotFoundError)
        await expect(store.get(secretId, second.versionId)).rejects.toThrow(SecretNotFoundError)
        await expect(store.restore(secretId)).rejects.toThrow(SecretNotFoundError)
        expect(await find(store, secretId)).toBeUndefined()
      })

      it('does nothing for a secret that is not there', async () => {
        await expect(store.purge(freshSecretId())).resolves.toBeUndefined()
      })

      it('touches no other secret, not even one whose name begins alike', async () => {
        const [tenant, ownerId] = ['t1', `ac_${randomUUID().slice(0, 8)}`]
        const one = secretIdOf({ deployment: 'local', kind: 's', tenant, ownerId, generation: 1 })
        const eleven = secretIdOf({ deployment: 'local', kind: 's', tenant, ownerId, generation: 11 })
        await put(one, randomUUID(), new SecretText('one'))
        const { versionId } = await put(eleven, randomUUID(), new SecretText('eleven'))
        await store.purge(one)
        expect(await reveal(store, eleven, versionId)).toBe('eleven')
      })
    })

    describe('list', () => {
      it('shows every secret once over all pages, without a value', async () => {
        const secretIds = [
          freshSecretId(),
          freshSecretId(),
          freshSecretId(),
          freshSecretId(),
          freshSecretId(),
        ]
        for (const secretId of secretIds) {
          await put(secretId, randomUUID(), new SecretText('planted-canary'), { isNew: true })
          await put(secretId, randomUUID(), new SecretText('planted-canary-2'))
        }
        const listed = await listAll(store, 2)
        const mine = listed.filter(({ secretId }) => secretIds.includes(secretId))
        expect(mine.map(({ secretId }) => secretId).sort()).toEqual([...secretIds].sort())
        expect(mine.every(({ createdAtMs }) => createdAtMs > 0)).toBe(true)
        expect(JSON.stringify(listed)).not.toContain('canary')
      })
    })
  })
}

/** A secret id that no test before used. */
export function freshSecretId(tenant = 't1'): string {
  return secretIdOf({
    deployment: 'local',
    kind: 's',
    tenant,
    ownerId: `ac_${randomUUID().replaceAll('-', '').slice(0, 20)}`,
    generation: 1,
  })
}

async function reveal(store: SecretStore, secretId: string, versionId: string): Promise<string> {
  return (await store.get(secretId, versionId)).reveal()
}

async function find(store: SecretStore, secretId: string): Promise<SecretDescription | undefined> {
  return (await listAll(store, 100)).find((description) => description.secretId === secretId)
}

async function listAll(store: SecretStore, limit: number): Promise<SecretDescription[]> {
  const all: SecretDescription[] = []
  let nextToken: string | undefined
  do {
    const page = await store.list(nextToken === undefined ? { limit } : { limit, nextToken })
    all.push(...page.items)
    nextToken = page.nextToken
  } while (nextToken !== undefined)
  return all
}
