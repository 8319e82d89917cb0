/**
 * What every DynamoDB client of the vault is made with. The SDK must not retry by itself: a write that was applied
 * but whose answer was lost would be sent again, and its condition would fail on its own result. The adapter
 * retries where it is safe. Single requests take single-digit ms, so seconds without an answer mean there is none.
 */
export const DYNAMO_CLIENT_SETTINGS = {
  maxAttempts: 1,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
} as const
