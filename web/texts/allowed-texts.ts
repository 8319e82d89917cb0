/** What scopes and permits forbid. */
export const ALLOWED = {
  needsScope: (scope: string) => `Needs ${scope}. Ask who runs this vault.`,
  offline: 'Offline: this waits for the line.',
  notPermitted:
    'Your permits do not name this app: you can choose here, but not add. Ask who runs this vault.',
  noPermittedApp: 'Your permits name no app to add to. Ask who runs this vault.',
} as const
