/**
 * Stands in for the cache that the DynamoDB client makes for endpoint discovery, with the LRU library behind it:
 * the client discovers endpoints only when it is told to, and nobody tells it.
 */
export class EndpointCache {
  get(): undefined {}
  set(): void {}
  delete(): void {}
  has(): false {
    return false
  }
  clear(): void {}
}
