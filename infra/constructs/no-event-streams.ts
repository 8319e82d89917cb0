/*
 * Stands in for the AWS SDK's event streams in the bundles: no call of ours answers with a stream, and the SDK
 * imports them while it runs, which would keep esbuild from dropping whatever they share with the rest.
 */

/** What Lambda's client asks for when it is made; the vault invokes without a stream. */
export function resolveEventStreamSerdeConfig<Config>(config: Config): Config {
  return config
}

/** Gives no marshaller. */
export function eventStreamSerdeProvider(): undefined {}

/** What a call with a stream would be read by. */
export class EventStreamSerde {
  constructor() {
    throw new Error('this bundle has no event streams')
  }
}
