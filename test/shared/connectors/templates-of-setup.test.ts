import { CONNECTORS } from '../../../shared/connectors/catalogue.ts'
import { parseTemplate } from '../../../shared/connectors/template.ts'
import { templatesOf } from '../../../shared/connectors/templates-of-setup.ts'

const SETUPS = CONNECTORS.flatMap(({ appId, setups }) =>
  setups.map((setup) => ({ appId, type: setup.type, setup })),
)

/** Texts with braces in them that are none: what people are shown, and what they fill in themselves. */
const NOT_TEMPLATES = [
  'sources',
  'example',
  'fields',
  'findAt',
  'source',
  'literals',
  'body',
  'pattern',
  'help',
]

describe('templatesOf', () => {
  it.each(SETUPS)('names every template of $appId $type', ({ setup }) => {
    const text = JSON.stringify(setup, (key, value: unknown) =>
      NOT_TEMPLATES.includes(key) ? undefined : value,
    )
    const found = new Set(templatesOf(setup).flat())
    const withBraces = [...text.matchAll(/"((?:[^"\\]|\\.)*\{[a-z][^"]*)"/g)].map(([, json]) =>
      String(JSON.parse(`"${json}"`)),
    )
    expect(withBraces.filter((one) => !found.has(one))).toEqual([])
  })

  it.each(SETUPS)('finds such as can be parsed in $appId $type', ({ setup }) => {
    for (const template of templatesOf(setup)) expect(() => parseTemplate(template)).not.toThrow()
  })
})
