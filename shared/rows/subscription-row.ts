import type { Subscription } from '../domain/subscription.ts'
import { rowCodec } from './row-codec.ts'

/** Subscriptions, as they are stored. */
export const SUBSCRIPTION_ROWS = rowCodec<Subscription>('subscription', 1)
