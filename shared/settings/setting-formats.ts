import { isIP } from 'node:net'
import * as z from 'zod/mini'
import type { Format } from './read-environment.ts'

const HOST_PORT = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+):(\d{1,5})$/
const MAX_PORT = 65_535
const LOOPBACK_HOST = /^(localhost|([a-z0-9-]+\.)+localhost|127\.0\.0\.1|\[::1\])$/i

/** Text of this shape, kept as it is. */
export function shaped(pattern: RegExp, allowed: string): Format<string> {
  return { allowed, schema: z.string().check(z.regex(pattern)) }
}

/** One of these words. */
export function oneOf<const Word extends string>(words: readonly Word[]): Format<Word> {
  const isWord = (text: string): text is Word => words.some((word) => word === text)
  return { allowed: words.join(', '), schema: checked(isWord, (text) => text as Word) }
}

/** Some of these words, separated by commas. */
export function manyOf(words: readonly string[]): Format<readonly string[]> {
  return {
    allowed: `of ${words.join(', ')}, separated by commas`,
    schema: checked((text) => listOf(text).every((entry) => words.includes(entry)), listOf),
  }
}

/** Yes or no. */
export const FLAG: Format<boolean> = {
  allowed: 'true or false',
  schema: checked(
    (text) => text === 'true' || text === 'false',
    (text) => text === 'true',
  ),
}

/** A whole number within this range. */
export function whole(minimum: number, maximum: number): Format<number> {
  const isInRange = (text: string): boolean =>
    /^\d{1,9}$/.test(text) && Number(text) >= minimum && Number(text) <= maximum
  return { allowed: `a whole number from ${minimum} to ${maximum}`, schema: checked(isInRange, Number) }
}

/** The address of a service: https, or http on loopback, where there is no network to listen on. */
export const SERVICE_URL: Format<string> = {
  allowed: 'an https URL without query, fragment or user (http on loopback)',
  schema: checked(isServiceUrl, (text) => text),
}

/** Where our own addresses begin: scheme, host, port and perhaps a path; a slash at the end is taken off. */
export const BASE_URL: Format<string> = {
  allowed: 'an https URL without query, fragment or user (http on loopback)',
  schema: checked(isServiceUrl, (text) => new URL(text).href.replace(/\/+$/, '')),
}

/** Origins, separated by commas. */
export const ORIGINS: Format<readonly string[]> = {
  allowed: 'https origins separated by commas (http on loopback)',
  schema: checked(
    (text) => listOf(text).every(isOrigin),
    (text) => listOf(text).map((entry) => new URL(entry).origin),
  ),
}

/** `host:port` pairs, separated by commas. */
export const HOST_PORTS: Format<readonly string[]> = {
  allowed: 'host:port pairs separated by commas, such as localhost:9000',
  schema: checked(
    (text) =>
      listOf(text).every((entry) => {
        const port = Number(HOST_PORT.exec(entry)?.[2])
        return port >= 1 && port <= MAX_PORT && URL.canParse(`http://${entry}`)
      }),
    listOf,
  ),
}

/** Addresses and networks of machines, separated by commas. */
export const NETWORKS: Format<readonly string[]> = {
  allowed: 'IP addresses and networks separated by commas, such as 10.0.0.2, 10.1.0.0/16',
  schema: checked((text) => listOf(text).every(isNetwork), listOf),
}

const TENANT_NAME = /^[A-Za-z0-9_-]{1,64}$/

/** One tenant, as tokens name it. */
export const TENANT: Format<string> = shaped(TENANT_NAME, '1 to 64 of A-Z, a-z, 0-9, _ and -')

/** Tenants, separated by commas. */
export const TENANTS: Format<readonly string[]> = {
  allowed: 'tenants separated by commas, each 1 to 64 of A-Z, a-z, 0-9, _ and -',
  schema: checked((text) => listOf(text).every((entry) => TENANT_NAME.test(entry)), listOf),
}

/** Whether a URL leads to this very machine. */
export function isLoopback(url: string | undefined): boolean {
  return url !== undefined && URL.canParse(url) && LOOPBACK_HOST.test(new URL(url).hostname)
}

function checked<Value>(
  isAllowed: (text: string) => boolean,
  read: (text: string) => Value,
): z.ZodMiniType<Value, string> {
  return z.pipe(z.string().check(z.refine(isAllowed)), z.transform(read))
}

function listOf(text: string): string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
}

function isNetwork(entry: string): boolean {
  const [address = '', prefix, ...rest] = entry.split('/')
  const family = isIP(address)
  const bits = family === 6 ? 128 : 32
  const isPrefix = prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits)
  return family !== 0 && rest.length === 0 && isPrefix
}

function isServiceUrl(value: string): boolean {
  if (!URL.canParse(value)) return false
  const { protocol, href, username, password } = new URL(value)
  // Of an empty query or fragment the parser keeps the mark, and what is put behind it would be part of it.
  if (/[?#]/.test(href) || `${username}${password}` !== '') return false
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(value))
}

function isOrigin(value: string): boolean {
  return isServiceUrl(value) && new URL(value).pathname === '/'
}
