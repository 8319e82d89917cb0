/** Moves the focus to the row of a connection, or to what leads there; in an empty list, to what adds one. */
export function focusRow(list: HTMLElement, id: string | undefined): void {
  const rows = [...list.querySelectorAll<HTMLElement>('tr[data-id]')]
  const found = rows.find((element) => element.dataset['id'] === id)
  // One that is in a closed group, or far down, is led to by the line that tells of it.
  const instead =
    list.querySelector<HTMLElement>('.outcome a') ??
    rows[0]?.querySelector<HTMLElement>('a.name') ??
    list.querySelector<HTMLElement>('.title-line button')
  const target = found?.querySelector<HTMLElement>('a.name') ?? instead
  target?.focus()
}
