/**
 * Stands in for the AWS SDK's chain of credential providers in the bundles, which is a fifth of their size: the
 * functions read their role's credentials from the environment themselves. A client made without them gets this.
 */
export function defaultProvider(): () => Promise<never> {
  return () =>
    Promise.reject(new Error('this bundle has no credential chain: give the client its credentials'))
}
