const FORMATS: Readonly<Record<string, string>> = {
  'visible-ascii': 'It has only letters, digits and signs, without blanks.',
  'header-value': 'It is one line of letters, digits and signs.',
  'header-name': 'It is the name of an HTTP header, such as X-Api-Key, that carries nothing else.',
  'single-line': 'It is one line.',
  'forms-url-https': 'It is an address that begins with https://.',
  'hostname-rfc2181': 'It is the name of a host, such as acme.example.com, without https://.',
  email: 'It is an e-mail address.',
  'pem-private-key': 'It is a private key: all of it, from -----BEGIN to END-----.',
  'pem-public-key': 'It is a public key: all of it, from -----BEGIN to END-----.',
}

/** What is wrong with a field, where the API's own words are for programs. */
export const FIELD_ERRORS = {
  missing: 'This is needed.',
  allowed: (what: string) => `Allowed: ${what}.`,
  partOfDate: 'A part of the date is missing, or there is no such day.',
  longName: (most: number) => `It has at most ${most} characters.`,
  farDate: 'Years have four digits.',
  formats: FORMATS,
} as const
