import type * as z from 'zod/mini'
import type { ProblemPart } from '../shared/domain/errors.ts'
import type { JsonObject } from '../shared/domain/json.ts'
import type { Scope } from '../shared/domain/scopes.ts'
import type { Caller } from '../shared/ports/token-verifier.ts'

export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** The function that answers a route; each has a role of its own on AWS. */
export type FunctionName = 'api' | 'credentials' | 'authorize'

/** What a route's handler gets: validated once, at the edge, and trusted from there on. */
export interface RouteInput<Path, Query, Headers, Body> {
  readonly path: Path
  readonly query: Query
  readonly headers: Headers
  readonly body: Body
  /** Present on every route that asks for a scope. */
  readonly caller: Caller
  readonly requestId: string
  /** As the browser sent them, `name=value` each. */
  readonly cookies: readonly string[]
  /** The answer's body is for nobody: a route that does something does nothing. */
  readonly isHead: boolean
}

/** An answer; a string body goes out as it is, everything else as JSON. */
export interface Answer {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** For the audit trail: the version of the credential that was handed out or made. */
  readonly credentialVersion?: number
  /** `Set-Cookie`, one a member. */
  readonly cookies?: readonly string[]
}

type Schema = z.ZodMiniType

/** The output of a schema, or an empty object where the route declares none. */
type Parsed<S> = S extends Schema ? z.output<S> : Record<string, never>

/**
 * One endpoint, as data that the router, the embedded server, the infrastructure, the OpenAPI document and the
 * tests all read.
 */
export interface RouteDefinition<
  Ports,
  P extends Schema | undefined = Schema | undefined,
  Q extends Schema | undefined = Schema | undefined,
  H extends Schema | undefined = Schema | undefined,
  B extends Schema | undefined = Schema | undefined,
> {
  /** Verb-noun, the name of its file and its `operationId`. */
  readonly name: string
  readonly method: HttpMethod
  /** With `{id}` placeholders, as API Gateway writes them. */
  readonly path: string
  readonly function: FunctionName
  /** Any one of these is enough; absent means public. */
  readonly scopes?: readonly Scope[]
  /** What a request takes from, if not from the tenant's requests, or its address's budget where it is public. */
  readonly budget?: 'fetches' | 'complaints' | 'none'
  readonly summary: string
  readonly description?: string
  readonly tag: string
  readonly pathSchema?: P
  readonly querySchema?: Q
  readonly headerSchema?: H
  readonly bodySchema?: B
  /** A more telling JSON Schema of the body than the edge's own, for the OpenAPI document. */
  readonly describeBody?: () => Readonly<Record<string, unknown>>
  /** What the body comes as; JSON when absent. A form's repeated fields are joined by commas, as in a query. */
  readonly bodyType?: 'form'
  /** True when a body may be left out altogether. */
  readonly bodyOptional?: boolean
  /**
   * What else is wrong with a body that the schema refused, such as with a setup that only its app can judge; so that
   * everything is told at once. The body is as it was sent.
   */
  errorsBeside?(
    input: { readonly path: Parsed<P>; readonly body: JsonObject; readonly caller: Caller },
    ports: Ports,
  ): Promise<readonly ProblemPart[]>
  readonly responses: Readonly<Record<number, RouteResponse>>
  handle(input: RouteInput<Parsed<P>, Parsed<Q>, Parsed<H>, Parsed<B>>, ports: Ports): Promise<Answer>
}

export interface RouteResponse {
  readonly description: string
  readonly schema?: Schema
  /** Other than `application/json`. */
  readonly contentType?: string
  /** Where the answer of this status is another than the route's own. */
  readonly example?: unknown
}

/** A route with its types erased, as tables hold it. */
export type Route<Ports> = Omit<RouteDefinition<Ports>, 'handle' | 'errorsBeside'> & {
  errorsBeside?(
    input: { readonly path: unknown; readonly body: JsonObject; readonly caller: Caller },
    ports: Ports,
  ): Promise<readonly ProblemPart[]>
  handle(input: RouteInput<unknown, unknown, unknown, unknown>, ports: Ports): Promise<Answer>
}

/** Checks a route's handler against its own schemas, then erases the types for the table. */
export function defineRoute<
  Ports,
  P extends Schema | undefined = undefined,
  Q extends Schema | undefined = undefined,
  H extends Schema | undefined = undefined,
  B extends Schema | undefined = undefined,
>(route: RouteDefinition<Ports, P, Q, H, B>): Route<Ports> {
  // The one cast of the table: parse-request gives a handler exactly what its schemas put out.
  return route as unknown as Route<Ports>
}

/** API Gateway's name of the route. */
export function routeKeyOf(route: Pick<Route<never>, 'method' | 'path'>): string {
  return `${route.method} ${route.path}`
}
