import * as z from 'zod/mini'
import type { Actor } from '../../shared/domain/change-event.ts'

/** Who did something: a client of the vault, and the person who used it where the token says one. */
export const personSchema = z.object({ id: z.string(), name: z.nullable(z.string()) })

/** The same of an actor; null where nobody is known, or it was the vault itself. */
export function personView(actor: Actor | undefined): z.output<typeof personSchema> | null {
  return actor === undefined ? null : { id: actor.id, name: actor.name ?? null }
}
