import { createCheckedResolver } from '../../../../shared/adapters/oauth/checked-resolver.ts'
import { checkTarget } from '../../../../shared/adapters/oauth/outgoing-target.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

describe('createCheckedResolver', () => {
  const target = (url: string, ...allowHosts: string[]) => {
    const checked = checkTarget(url, new Set(allowHosts))
    if ('kind' in checked) throw new Error(checked.message)
    return checked
  }
  const name = target('https://rebind.example.com/')

  function resolverOf(...answers: string[][]) {
    const clock = new ManualClock()
    const asked: string[] = []
    const resolver = createCheckedResolver(clock, async (hostname) => {
      asked.push(hostname)
      return answers[asked.length - 1] ?? []
    })
    return { clock, asked, resolver }
  }

  it('keeps an answer for 30 seconds, then asks and checks again', async () => {
    const { clock, asked, resolver } = resolverOf(['8.8.8.8'], ['127.0.0.1'])
    await expect(resolver.resolve(name)).resolves.toEqual({ kind: 'checked', addresses: ['8.8.8.8'] })
    await clock.advance(29_999)
    await expect(resolver.resolve(name)).resolves.toEqual({ kind: 'checked', addresses: ['8.8.8.8'] })
    expect(asked).toHaveLength(1)
    await clock.advance(1)
    await expect(resolver.resolve(name)).resolves.toEqual({ kind: 'forbidden' })
  })

  it('judges a cached answer by the target it is for', async () => {
    const { asked, resolver } = resolverOf(['127.0.0.1'])
    const listed = target('https://rebind.example.com/', 'rebind.example.com:443')
    await expect(resolver.resolve(listed)).resolves.toMatchObject({ kind: 'checked' })
    await expect(resolver.resolve(name)).resolves.toEqual({ kind: 'forbidden' })
    expect(asked).toHaveLength(1)
  })

  it('asks again after it was told to forget', async () => {
    const { resolver } = resolverOf(['8.8.8.8'], ['1.1.1.1'])
    await resolver.resolve(name)
    resolver.forget(name.hostname)
    await expect(resolver.resolve(name)).resolves.toEqual({ kind: 'checked', addresses: ['1.1.1.1'] })
  })

  it('asks nobody about a literal', async () => {
    const { asked, resolver } = resolverOf()
    const literal = target('https://[::ffff:8.8.8.8]/')
    await expect(resolver.resolve(literal)).resolves.toEqual({ kind: 'checked', addresses: ['8.8.8.8'] })
    await expect(resolver.resolve(target('https://10.0.0.1/'))).resolves.toEqual({ kind: 'forbidden' })
    expect(asked).toEqual([])
  })

  it('checks every address, and tries at most 16', async () => {
    const many = Array.from({ length: 40 }, (_, index) => `8.8.8.${index}`)
    const { resolver } = resolverOf(many)
    const resolved = await resolver.resolve(name)
    expect(resolved).toMatchObject({ kind: 'checked' })
    expect(resolved.kind === 'checked' && resolved.addresses).toHaveLength(16)
  })
})
