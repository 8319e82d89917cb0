import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { setImmediate } from 'node:timers'
import { commitErrorFrom, isBusy, isSqliteFailure, storeErrorFrom } from './sqlite-failure.ts'

/** A batch blocks the thread while it runs: 256 writers at about 50 µs each stay under 15 ms. */
const MAX_BATCH_JOBS = 256
/**
 * What a caller goes on to do with its result runs before any request is read: about half a millisecond for each of
 * the rotations that work side by side. So a few are told, and then everybody else has a turn.
 */
const MAX_TOLD_A_TURN = 4
/** With SQLite's own wait of 25 ms a try, about 5 s in which another process may hold the lock. */
const MAX_BUSY_TRIES = 200

interface Job {
  /** Runs the work inside the transaction; the result settles the caller's promise after the COMMIT. */
  attempt(): Outcome
  fail(error: unknown): void
}

interface Outcome {
  readonly wrote: boolean
  settle(): void
}

/**
 * Lets callers share one durable commit: a disk write of about 200 µs pays for all that ask in the same turn
 * of the event loop. A batch runs from BEGIN to COMMIT without a pause, so no read of this connection sees
 * half of one, and no caller hears of its result before the COMMIT returned.
 */
export class GroupCommit {
  readonly #database: DatabaseSync
  readonly #path: string
  readonly #begin: StatementSync
  readonly #commit: StatementSync
  readonly #maxBusyTries: number
  readonly #queue: Job[] = []
  /** Results that are on the disk, whose callers have not been told. */
  #untold: Outcome[] = []
  #scheduled = false
  #busyTries = 0

  /** `path` is the file's, for the messages of what fails. */
  constructor(database: DatabaseSync, options: { path: string; maxBusyTries?: number }) {
    this.#database = database
    this.#path = options.path
    // IMMEDIATE takes the write lock first: what the work reads cannot change before it writes.
    this.#begin = database.prepare('BEGIN IMMEDIATE')
    this.#commit = database.prepare('COMMIT')
    this.#maxBusyTries = options.maxBusyTries ?? MAX_BUSY_TRIES
  }

  /**
   * The result of `work`, once it is on the disk. `work` is synchronous, and decides before it writes: what it
   * throws, other than SQLite's own failures, rejects its caller alone, and the others commit.
   * Rejects with StoreUnavailableError: `unknown` when the COMMIT failed, `not-applied` for all before it.
   */
  run<Result>(work: () => Result): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ attempt: () => attempt(work, resolve, reject), fail: reject })
      this.#schedule()
    })
  }

  /** Commits what waits, at once; for closing. A writer that holds the lock is waited for as usual. */
  flush(): void {
    while (this.#queue.length > 0) this.#runBatch()
    this.#tell(this.#untold.length)
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      // All of a batch are told before the next begins: what they write then shares its commit again.
      if (this.#untold.length === 0 && this.#queue.length > 0) this.#runBatch()
      this.#tell(MAX_TOLD_A_TURN)
      if (this.#untold.length > 0 || this.#queue.length > 0) this.#schedule()
    })
  }

  #tell(count: number): void {
    for (const outcome of this.#untold.splice(0, count)) outcome.settle()
  }

  #runBatch(): void {
    try {
      this.#rollBack()
      this.#begin.run()
    } catch (error) {
      // Other callbacks get their turn between two tries, and what they ask for joins the batch.
      this.#busyTries++
      if (isBusy(error) && this.#busyTries < this.#maxBusyTries) return
      this.#busyTries = 0
      for (const job of this.#takeBatch()) job.fail(storeErrorFrom(error, this.#path))
      return
    }
    this.#busyTries = 0
    const jobs = this.#takeBatch()
    const outcomes = this.#attemptAll(jobs)
    if (outcomes !== undefined && this.#commitAll(jobs, outcomes)) this.#untold.push(...outcomes)
  }

  #takeBatch(): Job[] {
    return this.#queue.splice(0, MAX_BATCH_JOBS)
  }

  #attemptAll(jobs: readonly Job[]): Outcome[] | undefined {
    try {
      return jobs.map((job) => job.attempt())
    } catch (error) {
      // A full disk or a read error may have undone the whole transaction already, so nobody's part counts.
      this.#tryRollBack()
      for (const job of jobs) job.fail(storeErrorFrom(error, this.#path))
      return undefined
    }
  }

  #commitAll(jobs: readonly Job[], outcomes: readonly Outcome[]): boolean {
    try {
      this.#commit.run()
      return true
    } catch (error) {
      this.#tryRollBack()
      for (const [index, job] of jobs.entries()) {
        // Who wrote nothing may have decided so on what the others wrote, which now may not exist.
        const outcome = outcomes[index]?.wrote === true ? 'unknown' : 'not-applied'
        job.fail(commitErrorFrom(error, { path: this.#path, outcome }))
      }
      return false
    }
  }

  #rollBack(): void {
    if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
  }

  /** The callers learn of the first failure; when even the rollback fails, the next batch begins with it. */
  #tryRollBack(): void {
    try {
      this.#rollBack()
    } catch (error) {
      if (!isSqliteFailure(error)) throw error
    }
  }
}

function attempt<Result>(
  work: () => Result,
  resolve: (result: Result) => void,
  reject: (error: unknown) => void,
): Outcome {
  try {
    const result = work()
    return { wrote: true, settle: () => resolve(result) }
  } catch (error) {
    if (isSqliteFailure(error)) throw error
    return { wrote: false, settle: () => reject(error) }
  }
}
