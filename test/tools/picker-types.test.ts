import { readFileSync } from 'node:fs'
import path from 'node:path'
import { PROJECT_ROOT } from '../support/source-files.ts'

const read = (file: string): string => readFileSync(path.join(PROJECT_ROOT, file), 'utf8')

describe('the manifest of the picker', () => {
  const source = read('web/picker/picker.ts')
  const [element] = JSON.parse(read('tools/picker-types/custom-elements.json')).modules[0].declarations
  const [, properties = ''] = /static override properties = \{(.*?)\n {2}\}/s.exec(source) ?? []
  const declared = [...properties.matchAll(/^ {4}(\w+): (\{.*\}),$/gm)].map(
    ([, field = '', options = '']) => ({
      field,
      attribute: options.includes('attribute: false')
        ? undefined
        : (/attribute: '([\w-]+)'/.exec(options)?.[1] ?? field.toLowerCase()),
    }),
  )

  test('names every attribute and property that the element has, and no other', () => {
    expect(declared.length).toBeGreaterThan(5)
    const attributes = declared.filter(({ attribute }) => attribute !== undefined)
    expect(
      element.attributes.map(({ name, fieldName }: { name: string; fieldName: string }) => ({
        attribute: name,
        field: fieldName,
      })),
    ).toEqual(attributes.map(({ attribute, field }) => ({ attribute, field })))
    const types = read('tools/picker-types/picker.d.ts')
    for (const { field, attribute } of declared) {
      expect(types).toContain(`\n  ${field}: `)
      if (attribute !== undefined) expect(types).toMatch(new RegExp(`\n  '?${attribute}'?\\?: `))
    }
  })

  test('names its tokens, each once', () => {
    const set = [...read('web/styles/theme.css').matchAll(/^ {2}--([a-z0-9-]+):/gm)]
    // Rows have another height where they are to stand close.
    const tokens = [...new Set(set.map(([, name]) => name))]
    expect(tokens.length).toBeGreaterThan(30)
    expect(element.cssProperties.map(({ name }: { name: string }) => name)).toEqual(
      tokens.map((name) => `--vault-${name}`),
    )
  })

  test('names its parts and events', () => {
    const parts = [...source.matchAll(/ part="(\w+)"/g)].map(([, name]) => name)
    expect(element.cssParts.map(({ name }: { name: string }) => name).toSorted()).toEqual(
      [...new Set(parts)].toSorted(),
    )
    const events = element.events.map(({ name }: { name: string }) => name)
    expect(events).toEqual(['change', 'connection-added', 'connection-updated'])
  })
})
