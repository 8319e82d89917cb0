import * as z from 'zod/mini'
import type { JsonValue } from '../../shared/domain/json.ts'

/**
 * A setup at the edge: any object. Its app's own schema decides in the use case, because on an update only the
 * stored connection knows which app it is; the OpenAPI document names all of them.
 */
export const setupBodySchema = z.pipe(
  z.looseObject({}),
  z.transform((setup) => setup as unknown as JsonValue),
)
