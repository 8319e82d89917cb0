import { gunzipSync } from 'node:zlib'
import { ReadyDocument } from '../../../../infra/embedded/http/ready-document.ts'

const TEXT = 'a document '.repeat(1_000)

async function answer(headers: Record<string, string> = {}) {
  const document = await ReadyDocument.make(TEXT, { 'content-type': 'text/plain' })
  return document.answer({ headers })
}

describe('ReadyDocument', () => {
  it('sends its bytes compressed to who can take that, and as they are to who cannot', async () => {
    const zipped = await answer({ 'accept-encoding': 'br, gzip' })
    expect(zipped.headers).toMatchObject({ 'content-encoding': 'gzip', vary: 'accept-encoding' })
    expect(gunzipSync(zipped.bytes!).toString()).toBe(TEXT)
    expect(zipped.bytes!.byteLength).toBeLessThan(TEXT.length / 10)
    for (const coding of [undefined, 'identity', 'gzip;q=0', 'br']) {
      const plain = await answer(coding === undefined ? {} : { 'accept-encoding': coding })
      expect(plain.headers).not.toHaveProperty('content-encoding')
      expect(plain.bytes!.toString()).toBe(TEXT)
    }
  })

  it('answers 304 without a body to who has it, and 200 to who has another', async () => {
    const etag = String((await answer()).headers?.['etag'])
    for (const header of [etag, `W/${etag}`, `"x", ${etag}`, '*']) {
      expect(await answer({ 'if-none-match': header })).toEqual({
        statusCode: 304,
        headers: expect.objectContaining({ etag }),
      })
    }
    expect(await answer({ 'if-none-match': '"x"' })).toMatchObject({ statusCode: 200 })
  })
})
