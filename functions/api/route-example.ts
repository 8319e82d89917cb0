/** What the OpenAPI document shows beside a route's schemas. All values are made up. */
export interface RouteExample {
  /** Bodies by name. */
  readonly bodies?: Readonly<Record<string, unknown>>
  /** The JSON of the successful answer; absent where there is none. */
  readonly answer?: unknown
}
