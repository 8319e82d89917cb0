/** What apps and presets are grouped by where a person picks one: the id and its heading, in the order shown. */
export const CATEGORIES = {
  crm: 'Customer relations',
  marketing: 'Marketing',
  communication: 'Communication',
  support: 'Support',
  productivity: 'Productivity',
  scheduling: 'Scheduling',
  storage: 'Files and signatures',
  design: 'Design and sites',
  commerce: 'Commerce',
  finance: 'Finance',
  hr: 'People',
  social: 'Social',
  'developer-tools': 'Developer tools',
  data: 'Data and forms',
  ai: 'AI',
  identity: 'Identity',
  generic: 'Anything else',
} as const

/** The id of a category. */
export type Category = keyof typeof CATEGORIES
