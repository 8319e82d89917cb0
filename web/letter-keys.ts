import { browserChoices } from './theme.ts'

const TYPED_INTO = 'input, textarea, select, [contenteditable]'

/** The single key that was pressed as a shortcut; undefined in fields, with a modifier, or where they are off. */
export function letterKey(event: KeyboardEvent): string | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return undefined
  if (browserChoices().letterKeys === 'off' || document.querySelector('dialog[open]:modal') !== null) {
    return undefined
  }
  const target = event.composedPath()[0]
  const isField =
    target instanceof Element &&
    target.matches(TYPED_INTO) &&
    !(target instanceof HTMLInputElement && target.type === 'checkbox')
  return isField ? undefined : event.key
}
