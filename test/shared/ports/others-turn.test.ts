import { setImmediate } from 'node:timers'
import { afterOthers } from '../../../shared/ports/others-turn.ts'

describe('afterOthers', () => {
  it('lets one of all who work at length go on each time the others had a turn', async () => {
    const order: string[] = []
    let isOver = false
    const other = (): void => {
      order.push('others')
      if (!isOver) setImmediate(other)
    }
    setImmediate(other)
    const work = async (name: string) => {
      for (let slice = 0; slice < 3; slice++) {
        await afterOthers()
        order.push(name)
      }
    }
    await Promise.all([work('a'), work('b')])
    isOver = true
    const between = order.join(' ').split('others')
    expect(between.map((part) => part.trim()).filter((part) => part !== '')).toEqual([
      'a',
      'b',
      'a',
      'b',
      'a',
      'b',
    ])
  })
})
