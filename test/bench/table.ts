/** One line of the bench's table: what was measured, the figures, and what they are compared with. */
export interface Row {
  readonly what: string
  readonly value: string
  /** The same measure of something bare, in the same run. */
  readonly beside?: string
  readonly aim?: string
}

/** Prints rows in aligned columns. */
export function printTable(title: string, rows: readonly Row[]): void {
  const cells = [
    ['', 'measured', 'beside', 'aim'],
    ...rows.map((row) => [row.what, row.value, row.beside ?? '', row.aim ?? '']),
  ]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...cells.map((line) => line[column]!.length)))
  const text = cells.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd(),
  )
  process.stdout.write(`\n${title}\n${text.join('\n')}\n`)
}
