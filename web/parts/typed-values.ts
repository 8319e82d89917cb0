import type { FieldError } from '../api/api-error.ts'
import { FIELD_ERRORS } from '../texts/error-texts.ts'

/** The last day that a date field takes: a year of four digits, as instants have it. */
export const LAST_DAY = '9999-12-31'

/**
 * What a browser keeps to itself: half a date, or one that lies too far, has the empty value, and would be saved as
 * none. Each is told by the path that the field names (`data-path`).
 */
export function keptBack(form: HTMLElement): readonly FieldError[] {
  return [...form.querySelectorAll<HTMLInputElement>('input[data-path]')].flatMap((input): FieldError[] => {
    const { badInput, rangeOverflow, rangeUnderflow } = input.validity
    const path = input.dataset['path']!
    if (badInput) return [{ path, message: FIELD_ERRORS.partOfDate }]
    return rangeOverflow || rangeUnderflow ? [{ path, message: FIELD_ERRORS.farDate }] : []
  })
}
