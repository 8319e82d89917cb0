import { wireDeliver } from '../wire.ts'
import { createHandler } from './handler.ts'

/** What Lambda calls. */
export const handler = createHandler(wireDeliver())
