import * as z from 'zod/mini'
import { FLOW_ID } from '../../shared/domain/ids.ts'

/** A flow may say who it is, so that audit and usage name it: by its id at its own platform. */
export const flowIdHeader = { 'x-flow-id': z.optional(z.string().check(z.regex(FLOW_ID))) }
