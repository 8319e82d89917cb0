import type { MetricName } from './metric-names.ts'

/**
 * What each metric tells, for people who read a dashboard. Apart from the table, because the functions on AWS have no
 * use for it and their bundles carry the table.
 */
export const METRIC_HELP: Readonly<Record<MetricName, string>> = {
  rotations:
    'Rotations by cause and by what became of them: rotated, the class of the failure, waiting (an older failure stands and nothing was sent), frozen, or late (nobody waited for the end).',
  lease_conflicts: 'Rotations that another holder was at already.',
  due_lag: 'How long after it was due the rotation of a connection began.',
  oldest_due: 'How long the connection that is due for the longest time has been waiting, at the last sweep.',
  sweeps: 'Sweeps of the due index: complete, or full when more was due than the workers can do.',
  work_queue_depth: 'Pieces of work that wait or run.',
  work_failures: 'Pieces of work that ended in an error and come again.',
  token_requests: 'Requests to token endpoints, by app and by granted or the class of the failure.',
  token_request_duration: 'How long token endpoints take to answer, by app.',
  breakers_open:
    'OAuth applications and catalogue hosts (kind) that failed five times in a row and have not answered since; this process lets one request a minute through to each.',
  revocations: 'Grants to be revoked at the provider, by app and by what became of it.',
  rescues:
    'New grants whose commit was lost: left (seen waiting by reconcile), then adopted, superseded or revoked, or contended when it is to be tried again.',
  reconcile_items:
    'What reconcile put right after a crash, by kind: intents undone, deletions finished, recovery windows ended, rescues and freeze jobs started again, and what failed; and what the daily comparison of both stores removed, postponed and restored, and the pointers to nothing that it found.',
  fetches: 'Fetches by flows: served, not-modified, or why not.',
  fetch_duration: 'How long a fetch takes, rotation in line included, by what came of it.',
  secret_lookups: 'Lookups of opened secrets: hit from memory, miss from the secret store.',
  secret_writes:
    'Writes to Secrets Manager by operation: each has a quota of 50 a second for the account and Region.',
  secret_write_budget_use:
    'How much of its share of the write budget (70 % of Secrets Manager’s quota) this process used in the last minute, by operation. The embedded vault writes to its own disk, which has no quota: always 0.',
  secret_write_wait: 'How long a write to Secrets Manager waited so that all of them stay within the quota.',
  freezes_seen:
    'Freezes in force as this process last read them: those of tenants that nobody asks for are not among them. GET /api/v2/flows/vault/freezes lists all of a tenant.',
  events_published:
    'Change events by what became of them: published, failed (they come again), or unreadable (set aside).',
  publish_lag: 'How long after its commit an event was published.',
  deliveries:
    'Tries to deliver an event to a subscription: delivered, failed (tried again), dead (given up after a day), or skipped.',
  delivery_lag: 'How long after it was queued an event was delivered.',
  outbox_oldest: 'How long the oldest event has waited to be published; 0 when none waits.',
  http_requests: 'Requests by route and class of HTTP status, such as 2xx.',
  http_request_duration: 'How long requests take, by route and class of HTTP status.',
  loop_runs: 'Runs of the recurring work of the embedded server: done or failed.',
}
