/**
 * So many fetches are begun before the network is looked at again, or what takes as long: a tenth of a millisecond
 * each. One alone would have the event loop turn once for each.
 */
const TURNS_A_ROUND = 4
/** What requests take, in fetches: the rest of a round for one that may be long. */
export const TURN_WEIGHTS = { fetch: 1, request: 2, long: TURNS_A_ROUND } as const
/** Calls under way of one holder: more than any number of flows needs at once, and about 20 MB. */
const MAX_INSIDE = 1_000

interface Turn {
  readonly weight: number
  begin(): void
}

/** What a holder has in here: how many of its requests are inside, and those that wait for their turn. */
interface Holder {
  inside: number
  readonly waiting: Set<Turn>
}

/**
 * Begins requests in turn, one of each holder after another: the requests of one that floods wait for each other, and
 * another's comes next, however many they are. The network is read between the rounds, so that it is seen at once.
 */
export class FairTurns {
  readonly #limits: { readonly round: number; readonly inside: number }
  readonly #nextRound: (run: () => void) => void
  readonly #holders = new Map<string, Holder>()
  /** Those with something waiting, whose turn is next first. */
  readonly #line = new Set<string>()
  #begun = 0
  #isRoundAhead = false

  /** `nextRound` runs something once, when the network has been read. */
  constructor(
    options: { nextRound?: (run: () => void) => void; limits?: { round: number; inside: number } } = {},
  ) {
    this.#nextRound = options.nextRound ?? setImmediate
    this.#limits = options.limits ?? { round: TURNS_A_ROUND, inside: MAX_INSIDE }
  }

  /**
   * Resolves at the request's turn to what has to be called when it is over; undefined, at once, when the holder has
   * too many under way. It takes as much of its round as it weighs, begun when anything of that is left.
   */
  async enter(name: string, weight: number = TURN_WEIGHTS.fetch): Promise<(() => void) | undefined> {
    const holder = this.#holders.get(name) ?? { inside: 0, waiting: new Set() }
    if (holder.inside >= this.#limits.inside) return undefined
    holder.inside++
    this.#holders.set(name, holder)
    if (this.#line.size > 0 || this.#begun >= this.#limits.round) {
      await new Promise<void>((resolve) => {
        holder.waiting.add({ weight, begin: resolve })
        this.#line.add(name)
        this.#planRound()
      })
    } else {
      this.#begun += weight
      this.#planRound()
    }
    return () => {
      holder.inside--
      if (holder.inside === 0) this.#holders.delete(name)
    }
  }

  #planRound(): void {
    if (this.#isRoundAhead) return
    this.#isRoundAhead = true
    this.#nextRound(() => this.#round())
  }

  #round(): void {
    this.#isRoundAhead = false
    this.#begun = 0
    for (const name of this.#line) {
      if (this.#begun >= this.#limits.round) break
      const { waiting } = this.#holders.get(name)!
      const [turn] = waiting as Iterable<Turn> as [Turn]
      waiting.delete(turn)
      // To the end of the line, where this loop comes by again.
      this.#line.delete(name)
      if (waiting.size > 0) this.#line.add(name)
      this.#begun += turn.weight
      turn.begin()
    }
    if (this.#begun > 0) this.#planRound()
  }
}
