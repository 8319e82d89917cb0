/** Secrets Manager keeps at most 65,536 bytes in one secret; a setup as canonical JSON has to fit. */
export const MAX_SETUP_BYTES = 65_536
/** No single value can be longer than the secret it is kept in. */
export const MAX_VALUE_BYTES = 65_536
/** Identifiers that have no limit of their own: client ids, account ids, project ids. */
export const MAX_IDENTIFIER_CHARS = 255
/** What Auth0's schema allows for `scope`. */
export const MAX_SCOPE_CHARS = 1_024
/** RFC 6749 sets no limit; twenty-two of Google's fill 1,253 characters, and servers read URLs of 8 KiB. */
export const MAX_SCOPE_LIST_CHARS = 8_192
/** Ten years, longer than any vendor says. */
export const MAX_LIFE_SECONDS = 315_360_000
/** RFC 7636 §4.1. */
export const MIN_CODE_VERIFIER_CHARS = 43
/** RFC 7636 §4.1. */
export const MAX_CODE_VERIFIER_CHARS = 128
/** Undeclared members kept with a setup: enough for any provider's oddities, too few to be a store of their own. */
export const MAX_UNDECLARED_MEMBERS = 20
/** The length Auth0's schema gives to names, such as a header's. */
export const MAX_NAME_CHARS = 55
/** The values of one CUSTOM setup. */
export const MAX_NAMED_VALUES = 50
/** Extra parameters of a request, and members of an answer to keep: every provider's oddities are fewer. */
export const MAX_PARAMETERS = 20
/** As long as a URL may be. */
export const MAX_PARAMETER_CHARS = 2_048
