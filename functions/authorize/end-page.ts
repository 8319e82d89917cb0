import type { Finished } from '../../shared/use-cases/authorize/finish-authorization.ts'
import { returnAddress } from '../../shared/use-cases/authorize/return-address.ts'
import type { Answer } from '../route.ts'
import { page } from './page.ts'

/** A browser that was told to wait comes again by itself, so seldom that nobody minds. */
const AGAIN = { refresh: '2' }

/** Where an authorization leaves a person: on a page with its outcome in words, or where they came from. */
export function endPage(finished: Finished): Answer {
  switch (finished.kind) {
    case 'unknown':
      return page({
        status: 400,
        title: 'Not connected',
        paragraphs: [
          'This authorization has expired or is not one of ours.',
          'Start it again from the vault. You can close this window.',
        ],
      })
    case 'elsewhere':
      return page({
        status: 400,
        title: 'Not connected',
        paragraphs: [
          'This authorization was started elsewhere: in another browser, or by somebody else. Nothing was changed.',
          'Start it again from the vault, in this browser. You can close this window.',
        ],
      })
    case 'waiting':
      return page({
        status: 202,
        title: 'Connecting',
        paragraphs: ['The provider is being asked. This page goes on by itself.'],
        headers: AGAIN,
      })
    case 'ended':
      return endedAnswer(finished)
  }
}

function endedAnswer({ authorization, end }: Extract<Finished, { kind: 'ended' }>): Answer {
  const isConnected = end.outcome === 'granted' || end.outcome === 'fewer_scopes'
  const told = {
    connection_id: authorization.connectionId,
    authorization_id: authorization.id,
    outcome: end.outcome,
  }
  if (authorization.returnTo !== undefined) {
    const outcome: Record<string, string> = { ...told }
    if (!isConnected) outcome['reason'] = end.words
    return { status: 303, headers: { location: returnAddress(authorization.returnTo, outcome) } }
  }
  return page({
    status: isConnected ? 200 : 400,
    title: isConnected ? 'Connected' : 'Not connected',
    paragraphs: [end.words, 'You can close this window.'],
    told: { type: 'authorization', ...told },
  })
}

/** For who fetches the page before anybody opens it: an answer that no browser keeps for later. */
export function prefetchedPage(): Answer {
  return page({ status: 503, title: 'Not opened yet', paragraphs: ['Open this page to go on.'] })
}
