import { letterKey } from '../letter-keys.ts'
import type { ActionMenu } from '../parts/action-menu.ts'

const STEPS: Readonly<Record<string, (at: number, last: number) => number>> = {
  ArrowDown: (at, last) => Math.min(at + 1, last),
  j: (at, last) => Math.min(at + 1, last),
  ArrowUp: (at) => Math.max(at - 1, 0),
  k: (at) => Math.max(at - 1, 0),
  Home: () => 0,
  End: (_at, last) => last,
}

/** Moves the focus from row to row, selects, and opens menus; the focus is a real one, on the name's link. */
export function moveInTable(table: HTMLElement, event: KeyboardEvent): void {
  const key = letterKey(event)
  const target = event.target as HTMLElement
  const current = target.closest('tr')
  if (key === undefined || current === null || target.closest('[role="menu"]') !== null) return
  const step = STEPS[key]
  if (step !== undefined) {
    const names = [...table.querySelectorAll<HTMLElement>('a.name, button.fold')]
    const at = names.findIndex((name) => current.contains(name))
    const next = names[step(at, names.length - 1)]
    next?.focus()
    next?.scrollIntoView({ block: 'nearest' })
  } else if (key === ' ' && target.matches('a.name')) {
    current.querySelector<HTMLInputElement>('input.select')?.click()
  } else if (key === '.') {
    current.querySelector<ActionMenu>('action-menu')?.toggle(true)
  } else return
  event.preventDefault()
}
