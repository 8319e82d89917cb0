import { rowCodec } from './row-codec.ts'

/** A flow that says that it uses a connection. */
export interface ConnectionFlow {
  readonly id: string
  readonly name: string
  /** The step of the flow, where that is known. */
  readonly action?: string
  /** Where people open it, at its platform. */
  readonly url?: string
  readonly updatedAtMs: number
  readonly updatedBy: string
}

/** Flows of connections, as they are stored. */
export const FLOW_ROWS = rowCodec<ConnectionFlow>('flow', 1)
