/** A run of rows, or the head of a group, as the table holds them: one `<tbody>` or one spacer each. */
export type Block =
  | { readonly kind: 'head'; readonly app: string; readonly count: number; readonly isOpen: boolean }
  | { readonly kind: 'rows'; readonly start: number; readonly end: number }

/** Rows in one block: as many as a page of the API. */
export const BLOCK_ROWS = 50
/** What is drawn beyond the window's edges, so that scrolling meets rows and not a gap. */
const OVERSCAN_PX = 600

/** Groups by app, in the order of the list, each cut into runs; the indices count over the whole list. */
export function groupedBlocks(
  groups: readonly { readonly app_id: string; readonly count: number }[],
  isOpen: (app: string) => boolean,
): Block[] {
  const blocks: Block[] = []
  let first = 0
  for (const { app_id: app, count } of groups) {
    const open = isOpen(app)
    blocks.push({ kind: 'head', app, count, isOpen: open })
    if (open) blocks.push(...runs(first, first + count))
    first += count
  }
  return blocks
}

/** The whole list in runs. */
export function plainBlocks(total: number): Block[] {
  return runs(0, total)
}

function runs(first: number, end: number): Block[] {
  const blocks: Block[] = []
  for (let start = first; start < end; ) {
    // Cut where the API's pages are cut, so that a run never needs two of them.
    const next = Math.min(end, (Math.floor(start / BLOCK_ROWS) + 1) * BLOCK_ROWS)
    blocks.push({ kind: 'rows', start, end: next })
    start = next
  }
  return blocks
}

/** Which blocks are drawn: those that the window shows, and a little more; `top` is the scrolled distance. */
export function visibleRange(
  heights: readonly number[],
  view: { readonly top: number; readonly height: number },
): { readonly from: number; readonly to: number; readonly before: number; readonly after: number } {
  let offset = 0
  let from = -1
  let to = -1
  let before = 0
  let after = 0
  for (const [index, height] of heights.entries()) {
    const isShown = offset + height > view.top - OVERSCAN_PX && offset < view.top + view.height + OVERSCAN_PX
    if (isShown) {
      if (from < 0) from = index
      to = index + 1
    } else if (from < 0) before += height
    else after += height
    offset += height
  }
  if (from >= 0) return { from, to, before, after }
  // Scrolled past the end of a list that has become shorter: its end is shown.
  const last = heights.length - 1
  return last < 0
    ? { from: 0, to: 0, before: 0, after: 0 }
    : { from: last, to: last + 1, before: before - heights[last]!, after: 0 }
}
