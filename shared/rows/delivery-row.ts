import type { Delivery } from '../domain/delivery.ts'
import { rowCodec } from './row-codec.ts'

/** Deliveries, as they are stored. */
export const DELIVERY_ROWS = rowCodec<Delivery>('delivery', 1)
