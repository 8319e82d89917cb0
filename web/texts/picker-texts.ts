/** The picker inside an editor. */
export const PICKER = {
  label: 'Vault connection',
  choose: 'Choose a connection',
  add: 'Add Vault Connection',
  none: 'No connection fits. Add one with +.',
  noneAtAll: 'No connection fits.',
  more: 'There are more: go on typing.',
  groups: ['Ready', 'Works, with trouble', 'Not ready'],
  manage: 'Manage in the vault',
  unknown: (id: string) => `This connection is not in this vault: ${id}`,
  required: 'Choose a connection.',
  failed: 'The vault did not answer. Nothing was changed.',
} as const
