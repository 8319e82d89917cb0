/** Chance, passed in. */
export interface Random {
  /** `length` unpredictable bytes. */
  bytes(length: number): Uint8Array
  /** A number in [0, 1), for jitter. */
  fraction(): number
}
