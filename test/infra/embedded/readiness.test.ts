import { readinessCheck, roomOnDisk } from '../../../infra/embedded/readiness.ts'
import { StoreUnavailableError } from '../../../shared/ports/item-store.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const MIB = 1024 * 1024

describe('readinessCheck', () => {
  let clock: ManualClock
  let state: { free: number; full: boolean; opens: boolean; writes: number }
  let ready: () => Promise<void>

  beforeEach(() => {
    clock = new ManualClock()
    state = { free: 100 * MIB, full: false, opens: true, writes: 0 }
    ready = readinessCheck({
      clock,
      folder: '/var/lib/flow-vault',
      freeBytes: () => state.free,
      check: async () => {
        if (!state.opens) throw new Error('the key does not open')
      },
      items: {
        transact: async () => {
          state.writes++
          if (state.full) throw new StoreUnavailableError('database or disk is full', 'not-applied')
        },
      },
    })
  })

  it('writes once in five seconds, however often it is asked', async () => {
    for (let asked = 0; asked < 100; asked++) await ready()
    expect(state.writes).toBe(1)
    await clock.advance(5_000)
    await ready()
    expect(state.writes).toBe(2)
  })

  it.each([
    ['a write that does not come through', { full: true }, 'disk is full'],
    [
      'a disk that is about to be full',
      { free: 16 * MIB - 1 },
      'the disk of /var/lib/flow-vault has less than 16 MiB left. Make room on it',
    ],
    ['a key that does not open', { opens: false }, 'does not open'],
  ])('is not ready with %s, and is again within a second of its end', async (_, trouble, message) => {
    await ready()
    const well = { ...state }
    Object.assign(state, trouble)
    await clock.advance(5_000)
    await expect(ready()).rejects.toThrow(message)
    await expect(ready()).rejects.toThrow(message)
    Object.assign(state, { free: well.free, full: false, opens: true })
    await clock.advance(1_000)
    await expect(ready()).resolves.toBeUndefined()
  })
})

describe('roomOnDisk', () => {
  it('looks once a second, and says what was found', async () => {
    const clock = new ManualClock()
    const found = [16 * MIB, 16 * MIB - 1]
    const hasRoom = roomOnDisk({ clock, freeBytes: () => found.shift()! })
    expect([hasRoom(), hasRoom()]).toEqual([true, true])
    await clock.advance(1_000)
    expect(hasRoom()).toBe(false)
    expect(found).toEqual([])
  })

  it('leaves it to the write where the disk cannot be looked at', () => {
    const freeBytes = () => {
      throw new Error('no such folder')
    }
    expect(roomOnDisk({ clock: new ManualClock(), freeBytes })()).toBe(true)
  })
})
