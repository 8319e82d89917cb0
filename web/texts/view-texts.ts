/** Health, activity and settings. */
export const HEALTH = {
  figures: {
    needs_person: 'need a person',
    late: 'renewals late',
    failing_apps: 'apps failing',
    ending_soon: 'end within 7 days',
  },
  noneDue: 'None.',
  allWell: 'Everything renews by itself.',
  due: 'Renewals due in the next 24 hours',
  hour: 'From',
  renewals: 'Renewals',
  outcomes: 'The last 24 hours by app',
  app: 'App',
  renewed: 'Renewed',
  failing: 'Failing',
  nothing: 'Nothing was renewed in the last 24 hours.',
} as const

/** The tenant's feed. */
export const ACTIVITY = {
  nothing: 'Nothing has happened in the last 30 days.',
  more: 'Show older',
  kind: 'Kind',
  allKinds: 'Everything',
} as const

/** What is set once. */
export const SETTINGS = {
  applications: 'OAuth applications',
  applicationsAbout: 'Your clients at providers. Register the callback URL there.',
  noApplications: 'None yet. The first is made while connecting an app that needs one.',
  default: 'default',
  makeDefault: 'Make default',
  callback: 'Callback URL',
  subscriptions: 'Subscriptions',
  subscriptionsAbout: 'Where changes are sent to, signed.',
  noSubscriptions: 'None yet.',
  url: 'Address (https)',
  addSubscription: 'Add a subscription',
  secretOnce: 'Its signing key, shown this once:',
  test: 'Send a test',
  tested: 'A test is on its way.',
  pause: 'Pause',
  resume: 'Resume',
  deliveries: 'Deliveries',
  noDeliveries: 'Nothing was sent yet.',
  statuses: { enabled: 'Active', paused: 'Paused', ended: 'Ended' },
  clients: 'Clients of the built-in issuer',
  clientsAbout: 'Programs that get tokens from this vault.',
  clientName: 'Name',
  addClient: 'Add a client',
  clientOnce: 'Its secret, shown this once:',
  permits: 'Permits',
  permitsAbout:
    'They narrow a client to some apps or connections. A client without one has all that its scopes give: with its last permit it is narrowed no more.',
  noPermits: 'No client is narrowed.',
  permitClient: 'Client id',
  permitFor: 'Its apps, or its connections, by their ids',
  permitUntil: 'Last day',
  addPermit: 'Add a permit',
  until: (time: string) => `until ${time}`,
  narrowed:
    'Your permits name some apps and connections. What is about the whole vault (OAuth applications, subscriptions, clients, permits) is not among them. Ask who runs this vault.',
  unready: 'waits for its client',
  remove: 'Remove',
  removeFor: (name: string) => `Remove ${name}`,
  browser: 'This browser',
  density: 'Density',
  densities: { normal: 'Normal', compact: 'Compact' },
  letterKeys: 'Single-key shortcuts',
  timeZone: 'Time zone',
} as const
