import { fetchByHost } from '../support/fetch-by-host.ts'
import { AUDIENCE, type DeployedVault } from './deploy.ts'

/** What a document names, and what that loads in its turn. */
const LEAST_FILES = 2

/** The page of a deployed vault as a browser has it, by way of its distribution. */
export function pageSuite(place: () => DeployedVault, clientId: string): void {
  describe('the files of the page', () => {
    function get(uri: string): Promise<Response> {
      const { baseUrl, outputs } = place()
      const browser = fetchByHost(baseUrl, outputs['PageDomainTarget']!)
      return browser(`${baseUrl}${uri}`, { headers: { 'x-forwarded-proto': 'https' } })
    }

    /** What a document or a script asks for at once, and by itself later on. */
    function named(text: string): string[] {
      const absolute = [...text.matchAll(/"(\/vault\/assets\/[^"]+)"/g)].map(([, each]) => each!)
      const beside = [...text.matchAll(/["']\.\/(?:assets\/)?([\w-]+-[A-Z0-9]{8}\.js)["']/g)]
      return [...absolute, ...beside.map(([, each]) => `/vault/assets/${each!}`)]
    }

    it.each(['/vault', '/vault/health', '/vault/connections/ac_1'])(
      'answer %s with the page, asked for anew',
      async (uri) => {
        const page = await get(uri)
        expect(page.status).toBe(200)
        expect(page.headers.get('content-type')).toMatch(/^text\/html/)
        expect(page.headers.get('cache-control')).toBe('no-cache')
        expect(await page.text()).toContain('<vault-app')
      },
    )

    it.each(['/vault', '/vault/picker.js'])(
      'have all that %s loads, at once and later, kept for good',
      async (uri) => {
        const left = named(await (await get(uri)).text())
        const seen = new Set<string>()
        for (const file of left) {
          if (seen.has(file)) continue
          seen.add(file)
          const answer = await get(file)
          expect([file, answer.status]).toEqual([file, 200])
          expect(answer.headers.get('content-type')).toMatch(
            file.endsWith('.css') ? /^text\/css/ : /^(?:text|application)\/javascript/,
          )
          expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
          left.push(...named(await answer.text()))
        }
        expect(seen.size).toBeGreaterThanOrEqual(LEAST_FILES)
      },
    )

    it('say how people sign in, and have the picker under one name', async () => {
      const config = await get('/vault/config.json')
      expect(config.headers.get('cache-control')).toBe('no-cache')
      expect(config.headers.get('content-type')).toMatch(/^application\/json/)
      expect(await config.json()).toMatchObject({
        sign_in: 'issuer',
        issuer: place().issuer,
        client_id: clientId,
        audience: AUDIENCE,
      })
      const picker = await get('/vault/picker.js')
      expect(picker.headers.get('cache-control')).toBe('no-cache')
      expect(picker.headers.get('content-type')).toMatch(/^(?:text|application)\/javascript/)
    })

    it('have nothing else', async () => {
      expect((await get('/vault/nowhere')).status).toBe(404)
      // S3 tells who may not list a bucket no more than this.
      expect((await get('/vault/assets/nothing-00000000.js')).status).toBe(403)
    })
  })
}
