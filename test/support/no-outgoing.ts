import type { OutgoingFetch } from '../../shared/ports/outgoing-fetch.ts'

/** A network on which nobody is reached: for worlds in which nobody is told of events. */
export const noOutgoing: OutgoingFetch = async () => ({
  kind: 'not-sent',
  code: 'dns_failed',
  message: 'nobody is there',
})
