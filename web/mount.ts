/**
 * The path under which a proxy serves the vault, without a slash at its end: empty at the root of an origin. All
 * scripts are files of `<mount>/vault/assets/`.
 */
export const MOUNT = new URL('../..', import.meta.url).pathname.slice(0, -1)

/** The page's own path, which its views stand under. */
export const PAGE_ROOT = `${MOUNT}/vault`
