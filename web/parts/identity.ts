import { html, nothing, type TemplateResult } from 'lit'
import { icon } from '../icons.ts'
import type { StateWords } from '../state-words.ts'

const TILE_PAIRS = 8

/** Two letters of the app on one of eight pairs of colours, always the same for an app. */
export function tile(appId: string, label: string): TemplateResult {
  const letters = label
    .replaceAll(/[^\p{L}\p{N}\s-]/gu, '')
    .split(/[\s-]+/)
    .filter((word) => word !== '')
    .slice(0, 2)
  const text =
    letters.length > 1 ? letters.map((word) => [...word][0]).join('') : [...label].slice(0, 2).join('')
  let sum = 0
  for (const character of appId) sum = (sum * 31 + character.charCodeAt(0)) % 997
  return html`<span class="tile" data-pair=${sum % TILE_PAIRS} aria-hidden="true">${text.toUpperCase()}</span>`
}

/** A state in shape, colour and words. */
export function stateLine(words: StateWords): TemplateResult {
  return html`<span class="state" data-hue=${words.hue} data-kind=${words.kind}
    ><span class="mark">${icon(words.icon)}</span
    ><span><span>${words.sentence}</span>${
      words.more === undefined ? nothing : html`<span class="more"> · ${words.more}</span>`
    }</span></span
  >`
}
