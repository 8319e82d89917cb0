import { html, svg, type TemplateResult } from 'lit'

/** What states, the list of the picker and its buttons are drawn with; the page has more in `page-icons.ts`. */
const PATHS = {
  plus: 'M12 5v14M5 12h14',
  'check-circle': 'M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM8 12.3l2.8 2.8L16 9.5',
  warning: 'M12 4 2.8 19.5h18.4zM12 10v4M12 17h.01',
  clock: 'M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18zM12 7.5V12l3 2',
  hourglass: 'M6 3h12M6 21h12M7.5 3v4L12 12l4.5-5V3M7.5 21v-4L12 12l4.5 5v4',
  key: 'M14.5 4a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11zM10.5 13.5 3.5 20.5M6 18l2.5 2.5M15.5 8.5h.01',
  unplug:
    'M9 3v4M4.5 7.5 12 15M6 9l-1.5 1.5a5 5 0 0 0 0 7L3 19M15 21v-4M18 15l1.5-1.5a5 5 0 0 0 0-7L21 5M10 5.5A5 5 0 0 1 16 6.5',
  snow: 'M12 2v20M3.5 7l17 10M20.5 7l-17 10M9.5 3.5 12 6l2.5-2.5M9.5 20.5 12 18l2.5 2.5',
  trash: 'M4 6.5h16M9 6.5V4h6v2.5M6.5 6.5 7.5 20h9l1-13.5M10 10.5v6M14 10.5v6',
  external: 'M14 4h6v6M20 4l-9 9M18 14v6H4V6h6',
} as const

/** The name of a drawing. */
export type IconName = keyof typeof PATHS

/** A drawing for those who see it; whatever it says stands beside it in words. */
export function icon(name: IconName): TemplateResult {
  return drawing(PATHS[name])
}

/** Drawn on 24 × 24 with a stroke of 2, in the manner of the usual outline sets: one path, parts separated by M. */
export function drawing(path: string): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">${svg`<path d=${path} />`}</svg>`
}
