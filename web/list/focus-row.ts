/** Moves the focus to the row of a connection, or to what leads there. */
export function focusRow(list: HTMLElement, id: string): void {
  const rows = [...list.querySelectorAll<HTMLElement>('tr[data-id]')]
  const found = rows.find((element) => element.dataset['id'] === id)
  // One that is in a closed group, or far down, is led to by the line that tells of it.
  const instead =
    list.querySelector<HTMLElement>('.outcome a') ?? rows[0]?.querySelector<HTMLElement>('a.name')
  const target = found?.querySelector<HTMLElement>('a.name') ?? instead
  target?.focus()
}
