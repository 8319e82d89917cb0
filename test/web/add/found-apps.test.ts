import { foundApps } from '../../../web/add/found-apps.ts'
import type { Connector } from '../../../web/api/types.ts'

describe('apps that a search leaves', () => {
  const app = (id: string, category: string, about = ''): Connector => ({
    app_id: id.toUpperCase(),
    label: id,
    about,
    category,
    category_label: category,
    setups: [],
  })
  const connectors = [
    app('Auth0', 'sign-in', 'mail and passwords'),
    app('Clearbit', 'enrichment', 'who a mail address is'),
    app('Mailgun', 'mail'),
    app('HTTP', 'generic', 'any service'),
  ]
  const services = Array.from({ length: 14 }, (_, at) => ({
    ...app(`Mailer ${at}`, 'mail'),
    provider: `m${at}`,
  }))
  const find = (query: string, used: readonly string[] = []) =>
    foundApps({ connectors, used: new Set(used), services, query })
  const labels = (apps: readonly Connector[]) => apps.map(({ label }) => label)

  test('are taken in the order in which they are shown, those first that have the word in their name', () => {
    const found = find('mail', ['MAILGUN'])
    const drawn = [found.used, ...found.categories.map(([, apps]) => apps), found.services, found.generic]
    expect(labels(found.shown)).toEqual(labels(drawn.flat()))
    expect(labels(found.fitting).slice(0, 2)).toEqual(['Mailgun', 'Mailer 0'])
    expect(labels(found.fitting).slice(-2)).toEqual(['Clearbit', 'Auth0'])
    expect(labels(find('address').fitting)).toEqual(['Clearbit'])
  })

  test('are no more services than are shown', () => {
    expect(find('mailer')).toMatchObject({ more: 2, services: { length: 12 } })
    expect(labels(find('mailer').shown)).not.toContain('Mailer 12')
    expect(find('m').services).toEqual([])
  })

  test('keep those that take any service, which fit only where they are named', () => {
    const found = find('no such app')
    expect(labels(found.shown)).toEqual(['HTTP'])
    expect(found.fitting).toEqual([])
    expect(labels(find('http').fitting)).toEqual(['HTTP'])
  })
})
