/** Loaded when it is first needed. */
export const LOADED = true
