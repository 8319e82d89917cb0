/** The address of the picker's own element. */
export const PICKER = 'vault-connection-picker'
