/** What each parameter of the API means, by its name; every route uses a name for the same thing. */
export const PARAMETER_WORDS: Readonly<Record<string, string>> = {
  id: 'The id of the connection (`ac_…`), OAuth application (`oa_…`), authorization (`au_…`) or freeze (`fz_…`).',
  app_id: 'An app, such as `SENDGRID`.',
  page: 'Counted from 0.',
  per_page: 'Items a page; 50 when left out.',
  include_totals: 'True for an object with the total in place of a bare array.',
  view: '`full` adds where the connection stands: status, expiry, scopes, notes, the last failure.',
  status: 'Only connections of this status.',
  q: 'Part of the name or account name, whatever the case, or a whole id; of a service, part of its name or label.',
  provider: 'A service by its name, such as `github`.',
  category: 'Only services of this category.',
  verify:
    'True to have the credential tried first: when its provider refuses it, the answer is 400 and nothing is stored.',
  purge: 'True to destroy the secret at once, without the 7 days in which it can be restored.',
  after:
    'Of a connection’s events: only those with a higher `sequence`. Of the feed: the `after` of an earlier answer, or `latest`.',
  before: 'Only events with a lower `sequence`; with `order=desc`.',
  order: '`asc` for oldest first, which is the default; `desc` for newest first.',
  limit: 'Items a page; 50 when left out.',
  wait: 'Seconds to hold the request until an event comes, 20 at most.',
  min_ttl:
    'For how many seconds the flow needs the credential; one that ends sooner is renewed first, as far as the provider’s own life of it allows.',
  'idempotency-key':
    'Any text of your own, up to 255 visible characters, new for each request that is meant to create.',
  'if-match': 'The `ETag` of the connection as you read it, or `*`; another one is answered with 412.',
  'if-none-match': 'The `ETag` of the credential you hold; while it is good the answer is 304.',
  ticket: 'What `authorization_url` holds.',
  'sec-fetch-site': 'Browsers say by themselves whose page sent them.',
  origin: 'Browsers name the origin of a form by themselves.',
  'sec-purpose': 'Browsers say by themselves that they fetch a page ahead.',
  purpose: 'The same, of older browsers.',
  'x-moz': 'The same, of older browsers.',
  state: 'What the authorization was started with.',
  code: 'The authorization code.',
  error: 'The provider’s error code when it did not authorize.',
  iss: 'The issuer the answer comes from (RFC 9207).',
}
