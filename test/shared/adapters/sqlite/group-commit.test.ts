import { DatabaseSync } from 'node:sqlite'
import { GroupCommit } from '../../../../shared/adapters/sqlite/group-commit.ts'

/** A child without its parent is found out by COMMIT, and not before: a COMMIT that fails. */
const SCHEMA = `PRAGMA foreign_keys = ON;
  CREATE TABLE parent (id INTEGER PRIMARY KEY);
  CREATE TABLE child (id INTEGER REFERENCES parent DEFERRABLE INITIALLY DEFERRED);`

describe('GroupCommit', () => {
  let database: DatabaseSync
  let commits: GroupCommit
  beforeEach(() => {
    database = new DatabaseSync(':memory:')
    database.exec(SCHEMA)
    commits = new GroupCommit(database, { path: '/vault.db' })
  })
  afterEach(() => database.close())

  const addParent = (id: number) => commits.run(() => database.exec(`INSERT INTO parent VALUES (${id})`))
  const parents = () =>
    database
      .prepare('SELECT id FROM parent ORDER BY id')
      .all()
      .map((row) => row['id'])

  it('resolves with the result of the work, after the commit', async () => {
    const inTransaction = commits.run(() => database.isTransaction)
    expect(database.isTransaction).toBe(false)
    expect(await inTransaction).toBe(true)
    expect(database.isTransaction).toBe(false)
  })

  it('runs the work of one turn in one transaction, in the order asked', async () => {
    const order: number[] = []
    await Promise.all([1, 2, 3].map((id) => commits.run(() => order.push(id))))
    expect(order).toEqual([1, 2, 3])
  })

  it('settles nobody before the commit, and all after it', async () => {
    const seen: string[] = []
    const first = commits.run(() => seen.push('first runs')).then(() => seen.push('first told'))
    const second = commits.run(() => seen.push('second runs')).then(() => seen.push('second told'))
    await Promise.all([first, second])
    expect(seen).toEqual(['first runs', 'second runs', 'first told', 'second told'])
  })

  it('gives other callbacks a turn before it has told everybody', async () => {
    const told: number[] = []
    const all = Array.from({ length: 64 }, (_, id) => addParent(id).then(() => told.push(id)))
    const toldAtTurns: number[] = []
    while (told.length < 64) {
      await new Promise((resolve) => setImmediate(resolve))
      toldAtTurns.push(told.length)
    }
    await Promise.all(all)
    expect(toldAtTurns.filter((count) => count > 0 && count < 64).length).toBeGreaterThan(8)
    expect(told).toEqual(Array.from({ length: 64 }, (_, id) => id))
  })

  it('commits together what those write next who shared a commit', async () => {
    const batches: number[][] = []
    let batch: number[] | undefined
    const write = (id: number) =>
      commits.run(() => {
        if (batch === undefined) {
          batch = []
          batches.push(batch)
          // A batch runs without a pause.
          queueMicrotask(() => {
            batch = undefined
          })
        }
        batch.push(id)
      })
    const both = async (id: number): Promise<void> => {
      await write(id)
      await write(id)
    }
    await Promise.all(Array.from({ length: 64 }, (_, id) => both(id)))
    expect(batches.map(({ length }) => length)).toEqual([64, 64])
  })

  it('rejects one whose work refuses, and commits the others', async () => {
    const refusal = new Error('refused')
    const refused = commits.run(() => {
      throw refusal
    })
    const added = addParent(1)
    await expect(refused).rejects.toBe(refusal)
    await added
    expect(parents()).toEqual([1])
  })

  it('calls the outcome of a failed commit unknown, and of what had no part in it not-applied', async () => {
    const orphan = commits.run(() => database.exec('INSERT INTO child VALUES (7)'))
    const innocent = addParent(1)
    // It may have refused because of what the others wrote, which is gone now.
    const refused = commits.run(() => {
      throw new Error('refused')
    })
    const outcomes = await Promise.allSettled([orphan, innocent, refused])
    expect(outcomes).toMatchObject([
      { reason: { name: 'StoreUnavailableError', outcome: 'unknown' } },
      { reason: { name: 'StoreUnavailableError', outcome: 'unknown' } },
      { reason: { name: 'StoreUnavailableError', outcome: 'not-applied' } },
    ])
    expect(parents()).toEqual([])
    await addParent(2)
    expect(parents()).toEqual([2])
  })

  it('applies nothing of a batch when the disk is full, and works again once there is room', async () => {
    const pages = database.prepare('PRAGMA page_count').get()?.['page_count']
    database.exec(`PRAGMA max_page_count = ${pages}`)
    const fits = addParent(1)
    const tooMuch = commits.run(() =>
      database.exec('CREATE TABLE large (text TEXT); INSERT INTO large VALUES (zeroblob(100000))'),
    )
    const outcomes = await Promise.allSettled([fits, tooMuch])
    const full = {
      name: 'StoreUnavailableError',
      outcome: 'not-applied',
      message: expect.stringContaining('full'),
    }
    expect(outcomes).toMatchObject([{ reason: full }, { reason: full }])
    expect(parents()).toEqual([])
    database.exec('PRAGMA max_page_count = 10000')
    await addParent(2)
    expect(parents()).toEqual([2])
  })

  it('calls a wrong statement a bug, not an outage', async () => {
    const wrong = commits.run(() => database.exec('INSERT INTO nowhere VALUES (1)'))
    await expect(wrong).rejects.toMatchObject({ name: 'InvariantError' })
  })

  it('commits 1,000 that ask at once, in several batches', async () => {
    await Promise.all(Array.from({ length: 1000 }, (_, id) => addParent(id)))
    expect(parents()).toHaveLength(1000)
  })

  it('flushes what waits, at once', async () => {
    const added = Array.from({ length: 300 }, (_, id) => addParent(id))
    commits.flush()
    expect(parents()).toHaveLength(300)
    await Promise.all(added)
  })
})
