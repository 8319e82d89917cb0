import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { PROJECT_ROOT } from '../support/source-files.ts'

const SHEET = readFileSync(path.join(PROJECT_ROOT, 'web/styles/theme.css'), 'utf8')
const TOKENS = new Map(
  [...SHEET.matchAll(/--([a-z0-9-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(
    ([, name, light, dark]) => [name!, [light!, dark!] as const],
  ),
)

/** WCAG 2.2, relative luminance and contrast ratio. */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!
}

function contrast(one: string, other: string): number {
  const [bright, dark] = [luminance(one), luminance(other)].toSorted((a, b) => b - a)
  return (bright! + 0.05) / (dark! + 0.05)
}

const GROUNDS = ['page', 'surface', 'hover', 'selected', 'raised']
const TEXTS = [
  'text',
  'muted',
  'accent',
  'accent-hover',
  'green',
  'orange-text',
  'amber-text',
  'red-text',
  'ice',
]
const SHAPES = ['control', 'orange', 'amber', 'red']

const PAIRS: readonly (readonly [string, string, number])[] = [
  ...GROUNDS.flatMap((ground) => [
    ...TEXTS.map((text) => [text, ground, 4.5] as const),
    ...SHAPES.map((shape) => [shape, ground, 3] as const),
  ]),
  ...['green', 'ice'].map((hue) => [hue, `${hue}-soft`, 4.5] as const),
  ...['orange', 'amber', 'red'].map((hue) => [`${hue}-text`, `${hue}-soft`, 4.5] as const),
  ['on-accent', 'accent', 4.5],
  ['on-accent', 'accent-hover', 4.5],
  ...Array.from({ length: 8 }, (_, pair) => [`tile-${pair}`, `tile-${pair}-ground`, 6.5] as const),
]

/** Every style sheet of the page. */
const STYLES = path.join(PROJECT_ROOT, 'web/styles')

describe('text', () => {
  it('grows with what a person set in the browser, and so do its lines', () => {
    const fixed = readdirSync(STYLES).flatMap((file) =>
      readFileSync(path.join(STYLES, file), 'utf8').match(/(?:font-size|line-height): *[\d.]+px/g),
    )
    expect(fixed.filter((found) => found !== null)).toEqual([])
  })
})

describe('the theme', () => {
  test.each(['light', 'dark'] as const)('has enough contrast in every pair, %s', (scheme) => {
    const index = scheme === 'light' ? 0 : 1
    const weak = PAIRS.filter(
      ([front, ground, least]) => contrast(TOKENS.get(front)![index], TOKENS.get(ground)![index]) < least,
    )
    expect(weak).toEqual([])
  })
})
