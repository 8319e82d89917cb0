import path from 'node:path'

/**
 * For the environment of every process that tests start over and over: Node keeps what it has compiled, types stripped,
 * and the next start takes half the time.
 */
export const COMPILE_CACHE = { NODE_COMPILE_CACHE: path.resolve('node_modules/.cache/compiled') } as const
