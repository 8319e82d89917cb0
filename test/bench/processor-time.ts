import { readFileSync } from 'node:fs'

/** Linux counts in hundredths of a second, whatever its kernel's own tick is (proc(5), `USER_HZ`). */
const MS_A_TICK = 10
/** Of the fields behind the name, which may hold blanks: time in the process itself, and in the kernel for it. */
const [USER_FIELD, SYSTEM_FIELD] = [11, 12]

/** The processor time that a process has used so far, in ms; not a number where there is no /proc. */
export function processorMs(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[USER_FIELD]) + Number(fields[SYSTEM_FIELD])) * MS_A_TICK
  } catch {
    return Number.NaN
  }
}
