import { ApiError, type FieldError } from '../api/api-error.ts'
import { FIELD_ERRORS } from '../texts/error-texts.ts'

/** The last day that a date field takes: a year of four digits, as instants have it. */
export const LAST_DAY = '9999-12-31'

/**
 * Refuses what a browser keeps to itself: half a date, or one that lies too far, has the empty value, and would be
 * saved as none. Throws `ApiError` with each of them by the path that its field names (`data-path`).
 */
export function refuseKeptBack(form: HTMLElement): void {
  const inputs = [...form.querySelectorAll<HTMLInputElement>('input[data-path]')]
  const fields = inputs.flatMap((input): FieldError[] => {
    const { badInput, rangeOverflow, rangeUnderflow } = input.validity
    const path = input.dataset['path']!
    if (badInput) return [{ path, message: FIELD_ERRORS.partOfDate }]
    return rangeOverflow || rangeUnderflow ? [{ path, message: FIELD_ERRORS.farDate }] : []
  })
  if (fields.length > 0) throw new ApiError({ status: 400, message: FIELD_ERRORS.partOfDate, fields })
}
