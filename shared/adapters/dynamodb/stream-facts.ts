/** What an item that waits to be published says of itself; the stream's filter names it, and who reads the stream. */
export const OUTBOX_KIND = 'outbox'
