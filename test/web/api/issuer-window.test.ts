import { SIGN_IN_CHANNEL, waitForWindow } from '../../../web/api/issuer-window.ts'

const A_MINUTE_MS = 60_000

describe('waitForWindow', () => {
  function comeBack(search: string): void {
    const channel = new BroadcastChannel(SIGN_IN_CHANNEL)
    channel.postMessage({ search })
    channel.close()
  }

  test('gives the answer of the window with its own state, and of no other', async () => {
    const answer = waitForWindow({ state: 'mine', limitMs: A_MINUTE_MS })
    comeBack('?code=1&state=theirs')
    comeBack('?code=2&state=mine')
    expect(await answer).toEqual({ search: '?code=2&state=mine' })
  })

  test('ends when nothing comes back within its limit', async () => {
    expect(await waitForWindow({ state: 'mine', limitMs: 1 })).toBeUndefined()
  })

  test('ends when nobody waits any more', async () => {
    const stopped = new AbortController()
    const answer = waitForWindow({ state: 'mine', limitMs: A_MINUTE_MS, signal: stopped.signal })
    stopped.abort(new Error('stopped'))
    await expect(answer).rejects.toThrow('stopped')
    const late = waitForWindow({ state: 'mine', limitMs: A_MINUTE_MS, signal: stopped.signal })
    await expect(late).rejects.toThrow('stopped')
  })
})
