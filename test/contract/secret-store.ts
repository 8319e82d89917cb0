import { randomUUID } from 'node:crypto'
import { secretIdOf } from '../../shared/domain/secret-id.ts'
import { SecretText } from '../../shared/domain/secret-text.ts'
import {
  MAX_SECRET_BYTES,
  SecretConflictError,
  type SecretDescription,
  SecretNotFoundError,
  type SecretStore,
} from '../../shared/ports/secret-store.ts'

/** What a store's stand-in is known to do otherwise. Its test must fail: when it no longer does, drop the entry. */
export type SecretStoreDeviation = 'takes-versions-while-waiting-for-deletion'

/** Every promise of the `SecretStore` port, against the store that `open` gives. `open` is called once a test. */
export function secretStoreContract(
  name: string,
  open: () => Promise<SecretStore>,
  deviations: readonly SecretStoreDeviation[] = [],
): void {
  const itUnless = (deviation: SecretStoreDeviation) => (deviations.includes(deviation) ? it.failing : it)

  describe(`${name}, a SecretStore`, () => {
    let store: SecretStore

    beforeEach(async () => {
      store = await open()
    })

    describe('put and get', () => {
      it('gives back exactly the version asked for, also when newer ones exist', async () => {
        const secretId = freshSecretId()
        const first = await store.put(secretId, randomUUID(), new SecretText('one'), { isNew: true })
        const second = await store.put(secretId, randomUUID(), new SecretText('two'))
        const third = await store.put(secretId, randomUUID(), new SecretText('three'))
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
        const { versionId } = await store.put(secretId, randomUUID(), new SecretText(text), { isNew: true })
        expect(await reveal(store, secretId, versionId)).toBe(text)
      })

      it.each([
        ['an empty value', ''],
        ['one byte too many', 'x'.repeat(MAX_SECRET_BYTES + 1)],
        ['one character too many of two bytes', `${'é'.repeat(MAX_SECRET_BYTES / 2)}x`],
      ])('refuses %s and stores nothing', async (_, text) => {
        const secretId = freshSecretId()
        await expect(store.put(secretId, randomUUID(), new SecretText(text))).rejects.toThrow('secret value')
        expect(await find(store, secretId)).toBeUndefined()
      })

      it.each([
        ['without a hint', undefined],
        ['when told rightly that it is new', true],
        ['when told wrongly that it is not new', false],
      ])('makes the secret with its first version %s', async (_, isNew) => {
        const secretId = freshSecretId()
        const options = isNew === undefined ? {} : { isNew }
        const { versionId } = await store.put(secretId, randomUUID(), new SecretText('one'), options)
        expect(await reveal(store, secretId, versionId)).toBe('one')
      })

      it('adds a version to a secret it is told wrongly is new', async () => {
        const secretId = freshSecretId()
        const first = await store.put(secretId, randomUUID(), new SecretText('one'))
        const second = await store.put(secretId, randomUUID(), new SecretText('two'), { isNew: true })
        expect(await reveal(store, secretId, first.versionId)).toBe('one')
        expect(await reveal(store, secretId, second.versionId)).toBe('two')
      })

      it.each([true, false])(
        'answers a repeat like its first try, told that it is new: %s',
        async (isNew) => {
          const [secretId, token] = [freshSecretId(), randomUUID()]
          const first = await store.put(secretId, token, new SecretText('one'), { isNew: true })
          const repeat = await store.put(secretId, token, new SecretText('one'), { isNew })
          expect(repeat).toEqual(first)
          expect(await reveal(store, secretId, first.versionId)).toBe('one')
        },
      )

      it.each([true, false])(
        'refuses another value under a token, told that it is new: %s',
        async (isNew) => {
          const [secretId, token] = [freshSecretId(), randomUUID()]
          const { versionId } = await store.put(secretId, token, new SecretText('one'))
          const other = store.put(secretId, token, new SecretText('other'), { isNew })
          await expect(other).rejects.toThrow(SecretConflictError)
          expect(await reveal(store, secretId, versionId)).toBe('one')
        },
      )

      it('lets several first versions race, each of which is kept', async () => {
        const secretId = freshSecretId()
        const texts = ['a', 'b', 'c', 'd']
        const versions = await Promise.all(
          texts.map((text) => store.put(secretId, randomUUID(), new SecretText(text), { isNew: true })),
        )
        const read = await Promise.all(versions.map(({ versionId }) => reveal(store, secretId, versionId)))
        expect(read).toEqual(texts)
      })

      it('lets one request race with its own repeat', async () => {
        const [secretId, token] = [freshSecretId(), randomUUID()]
        const put = () => store.put(secretId, token, new SecretText('one'), { isNew: true })
        const [first, second] = await Promise.all([put(), put()])
        expect(second).toEqual(first)
        expect(await reveal(store, secretId, first.versionId)).toBe('one')
      })

      it('keeps two secrets apart that share a request token', async () => {
        const [left, right, token] = [freshSecretId(), freshSecretId(), randomUUID()]
        const { versionId: leftVersion } = await store.put(left, token, new SecretText('left'))
        const { versionId: rightVersion } = await store.put(right, token, new SecretText('right'))
        expect(await reveal(store, left, leftVersion)).toBe('left')
        expect(await reveal(store, right, rightVersion)).toBe('right')
      })

      it('throws SecretNotFoundError for a secret that was never there', async () => {
        await expect(store.get(freshSecretId(), randomUUID())).rejects.toThrow(SecretNotFoundError)
      })

      it('throws SecretNotFoundError for a version that was never there', async () => {
        const secretId = freshSecretId()
        await store.put(secretId, randomUUID(), new SecretText('one'))
        await expect(store.get(secretId, randomUUID())).rejects.toThrow(SecretNotFoundError)
      })
    })

    describe('discard', () => {
      it('leaves every other version readable', async () => {
        const secretId = freshSecretId()
        const old = await store.put(secretId, randomUUID(), new SecretText('old'))
        const current = await store.put(secretId, randomUUID(), new SecretText('current'))
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
        const { versionId } = await store.put(secretId, randomUUID(), new SecretText('one'))
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
        const { versionId } = await store.put(secretId, randomUUID(), new SecretText('one'))
        await store.scheduleDeletion(secretId)
        const read = await reveal(store, secretId, versionId).catch((error: unknown) => error)
        expect(read === 'one' || read instanceof SecretNotFoundError).toBe(true)
      })

      itUnless('takes-versions-while-waiting-for-deletion')('takes no new version meanwhile', async () => {
        const secretId = freshSecretId()
        await store.put(secretId, randomUUID(), new SecretText('one'))
        await store.scheduleDeletion(secretId)
        const put = store.put(secretId, randomUUID(), new SecretText('two'))
        await expect(put).rejects.toThrow(SecretNotFoundError)
      })

      it('takes new versions again once restored', async () => {
        const secretId = freshSecretId()
        await store.put(secretId, randomUUID(), new SecretText('one'))
        await store.scheduleDeletion(secretId)
        await store.restore(secretId)
        const { versionId } = await store.put(secretId, randomUUID(), new SecretText('two'))
        expect(await reveal(store, secretId, versionId)).toBe('two')
      })

      it('does nothing the second time', async () => {
        const secretId = freshSecretId()
        await store.put(secretId, randomUUID(), new SecretText('one'))
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
        const { versionId } = await store.put(secretId, randomUUID(), new SecretText('one'))
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
        const first = await store.put(secretId, randomUUID(), new SecretText('one'))
        const second = await store.put(secretId, randomUUID(), new SecretText('two'))
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
        const one = secretIdOf({ tenant, ownerId, generation: 1 })
        const eleven = secretIdOf({ tenant, ownerId, generation: 11 })
        await store.put(one, randomUUID(), new SecretText('one'))
        const { versionId } = await store.put(eleven, randomUUID(), new SecretText('eleven'))
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
          await store.put(secretId, randomUUID(), new SecretText('planted-canary'), { isNew: true })
          await store.put(secretId, randomUUID(), new SecretText('planted-canary-2'))
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
  return secretIdOf({ tenant, ownerId: `ac_${randomUUID().replaceAll('-', '').slice(0, 20)}`, generation: 1 })
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
