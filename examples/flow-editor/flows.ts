import { randomUUID } from 'node:crypto'
import { createFlowVault } from '../../shared/flow-client/client.ts'
import type { LocalVault } from '../local-vault.ts'
import type { Action, Inputs, Run } from './actions.ts'
import { type SentCall, SentCalls } from './sent-calls.ts'

/** One action of a flow, as it was filled in. */
export interface Step {
  readonly action: string
  readonly connection: string
  readonly inputs: Inputs
}

/** A flow, as the editor keeps it: ids of connections, never a credential. */
export interface Flow {
  readonly id: string
  readonly name: string
  readonly steps: readonly Step[]
}

/** What came of one action. */
export interface StepResult {
  readonly action: string
  readonly outcome?: unknown
  readonly error?: string
  readonly calls: readonly SentCall[]
}

/** The flows of the editor, in memory; saving tells the vault which connections each of them uses. */
export class Flows {
  readonly #vault: LocalVault
  readonly #actions: readonly Action[]
  readonly #twilio: Run['twilio']
  readonly #addressOf: (flowId: string) => string
  readonly #flows = new Map<string, Flow>()

  /** `addressOf` says where a person opens a flow. */
  constructor(options: {
    vault: LocalVault
    actions: readonly Action[]
    twilio: Run['twilio']
    addressOf(flowId: string): string
  }) {
    this.#vault = options.vault
    this.#actions = options.actions
    this.#twilio = options.twilio
    this.#addressOf = options.addressOf
  }

  /** All of them, the oldest first. */
  list(): readonly Flow[] {
    return [...this.#flows.values()]
  }

  /** Keeps the flow, registers it as a user of its connections, and takes it out of those that it no longer uses. */
  async save(draft: { id?: string; name: string; steps: readonly Step[] }): Promise<Flow> {
    const flow: Flow = { id: draft.id ?? randomUUID(), name: draft.name, steps: draft.steps }
    const before = connectionsOf(this.#flows.get(flow.id))
    const now = connectionsOf(flow)
    const url = this.#addressOf(flow.id)
    for (const [connection, action] of now)
      await this.#vault.call('PUT', pathOf(connection, flow.id), { name: flow.name, action, url })
    for (const connection of before.keys())
      if (!now.has(connection)) await this.#vault.call('DELETE', pathOf(connection, flow.id))
    this.#flows.set(flow.id, flow)
    return flow
  }

  /** Runs one action after the other, until one fails. */
  async run(id: string): Promise<readonly StepResult[]> {
    const results: StepResult[] = []
    for (const step of this.#flows.get(id)?.steps ?? []) {
      const result = await this.#runStep(id, step)
      results.push(result)
      if (result.error !== undefined) break
    }
    return results
  }

  async #runStep(flowId: string, { action: name, connection, inputs }: Step): Promise<StepResult> {
    const action = this.#actions.find((each) => each.id === name)!
    const calls = new SentCalls()
    const { url, getToken } = this.#vault
    const vault = createFlowVault({ url, getToken, flowId, fetch: calls.fetch(url) })
    try {
      // What is hidden has to be known before the first call is recorded; the client keeps it, so it is asked once.
      calls.hide(await vault.credentials(connection))
      const outcome = await action.run({ vault, calls, twilio: this.#twilio }, connection, inputs)
      return { action: action.label, outcome, calls: calls.calls }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      return { action: action.label, error: message, calls: calls.calls }
    }
  }
}

/** Each connection of a flow, with the action that uses it. */
function connectionsOf(flow: Flow | undefined): ReadonlyMap<string, string> {
  return new Map((flow?.steps ?? []).map(({ connection, action }) => [connection, action]))
}

function pathOf(connection: string, flow: string): string {
  return `/connections/${encodeURIComponent(connection)}/flows/${encodeURIComponent(flow)}`
}
