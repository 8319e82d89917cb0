import type { FieldError } from '../api/api-error.ts'
import { FIELD_ERRORS } from '../texts/error-texts.ts'

/** What the API says as Auth0's does, in the words of people; all else as it comes, with what is allowed. */
export function inWords({ message, allowed }: FieldError): string {
  if (/^Missing required property|^String is too short \(0 chars\)/.test(message)) return FIELD_ERRORS.missing
  const [, format = ''] = /^Object didn't pass validation for format ([\w-]+)/.exec(message) ?? []
  const words = FIELD_ERRORS.formats[format]
  if (words !== undefined || allowed === undefined) return words ?? message
  // The name of a format, or its pattern, tells a person nothing beside what is allowed.
  const isForPrograms = format !== '' || message.startsWith('String does not match pattern')
  return isForPrograms ? FIELD_ERRORS.allowed(allowed) : `${message}. ${FIELD_ERRORS.allowed(allowed)}`
}
