/** What a connection's menu offers. */
export const MENU = {
  open: 'Open',
  rename: 'Rename',
  test: 'Test',
  renew: 'Renew now',
  replace: 'Replace credentials',
  authorize: 'Authorize again',
  freeze: 'Freeze',
  unfreeze: 'Unfreeze',
  delete: 'Delete',
  restore: 'Restore',
  purge: 'Delete for good',
} as const
