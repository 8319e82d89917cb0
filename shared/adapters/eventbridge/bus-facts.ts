/** The `source` of every event on the bus, by which rules find ours. */
export const BUS_SOURCE = 'flow-vault'
