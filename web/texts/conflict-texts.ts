/** What stands there when somebody else was quicker. */
export const CONFLICT = {
  somebody: 'Somebody',
  changed: 'changed this',
  name: (name: string) => `It is now called ${name}.`,
  credentials: 'Its credentials are others.',
  account: (account: string) => `Its account is ${account}.`,
  setting: ({ label, value }: { label: string; value: string }) => `${label} is now ${value}.`,
  /** Stands after an address whose query is stored and not shown. */
  hiddenQuery: '?…',
  state: 'Its state is another one.',
  other: 'What it is called and who it is have stayed.',
  takeTheirs: 'Show theirs',
  saveMine: 'Save mine anyway',
} as const
