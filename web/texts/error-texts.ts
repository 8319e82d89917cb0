const FORMATS: Readonly<Record<string, string>> = {
  'visible-ascii': 'Only letters, digits and signs, without blanks.',
  'header-value': 'One line of letters, digits and signs.',
  'header-name': 'The name of an HTTP header, such as X-Api-Key, that carries nothing else.',
  'single-line': 'One line only.',
  'forms-url-https': 'An address that begins with https://.',
  'hostname-rfc2181': 'The name of a host, such as acme.example.com, without https://.',
  email: 'An e-mail address.',
  'pem-private-key': 'A private key: all of it, from -----BEGIN to END-----.',
  'pem-public-key': 'A public key: all of it, from -----BEGIN to END-----.',
}

/** What is wrong with a field, where the API's own words are for programs. */
export const FIELD_ERRORS = {
  missing: 'This is needed.',
  allowed: (what: string) => `Allowed: ${what}.`,
  partOfDate: 'A part of the date is missing, or there is no such day.',
  longName: (most: number) => `At most ${most} characters.`,
  farDate: 'Years have four digits.',
  formats: FORMATS,
} as const
