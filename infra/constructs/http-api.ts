import { Duration, Lazy, RemovalPolicy } from 'aws-cdk-lib'
import { AccessLogFormat } from 'aws-cdk-lib/aws-apigateway'
import {
  HttpApi as Api,
  ApiMapping,
  type CfnStage,
  CorsHttpMethod,
  DomainName,
  type HttpApiProps,
  HttpMethod,
  HttpNoneAuthorizer,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  LogGroupLogDestination,
} from 'aws-cdk-lib/aws-apigatewayv2'
import { HttpLambdaIntegration, HttpUrlIntegration } from 'aws-cdk-lib/aws-apigatewayv2-integrations'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import { Construct } from 'constructs'
import type { Route } from '../../functions/route.ts'
import {
  CORS_ANSWER_HEADERS,
  CORS_MAX_AGE_SECONDS,
  CORS_METHODS,
  CORS_REQUEST_HEADERS,
} from '../../shared/settings/cors-terms.ts'
import type { DeploymentSettings } from '../stage-file.ts'

/**
 * Requests a second that API Gateway lets in, of the 10,000 that an account and Region share (API Gateway quotas);
 * each tenant's own limit is kept by the functions.
 */
const REQUESTS_PER_SECOND = 2000
const BURST_REQUESTS = 1000
/**
 * What may be asked without a token, of one route: a flood there leaves the rest to those who have one. A browser asks
 * for a handful of these in the minutes of an authorization.
 */
const OPEN_REQUESTS_PER_SECOND = 100
const OPEN_BURST_REQUESTS = 50

/** What a request left behind, without its query and its headers: a callback's query holds a code. */
const ACCESS_LOG_FIELDS = {
  request_id: '$context.requestId',
  time: '$context.requestTimeEpoch',
  route: '$context.routeKey',
  status: '$context.status',
  ms: '$context.responseLatency',
  integration_status: '$context.integration.status',
  error: '$context.error.message',
  integration_error: '$context.integrationErrorMessage',
  ip: '$context.identity.sourceIp',
  bytes: '$context.responseLength',
}

/**
 * The gateway answers preflights itself, on the functions' terms, so that what it refuses before a function is asked
 * (429, 413, 503) can be read by a page too. It then puts its own headers in the place of the functions'.
 */
function corsOf({ corsOrigins }: DeploymentSettings): Pick<HttpApiProps, 'corsPreflight'> {
  if (corsOrigins.length === 0) return {}
  return {
    corsPreflight: {
      allowOrigins: [...corsOrigins],
      allowMethods: CORS_METHODS.map((method) => CorsHttpMethod[method]),
      allowHeaders: [...CORS_REQUEST_HEADERS],
      exposeHeaders: [...CORS_ANSWER_HEADERS],
      allowCredentials: false,
      maxAge: Duration.seconds(CORS_MAX_AGE_SECONDS),
    },
  }
}

/**
 * The HTTP API at the root of its host. It throttles and logs; whether a token is good is decided in the functions,
 * so that both ways to run the vault give the same answers. Made before the functions, which need its address.
 */
export class VaultHttpApi extends Construct {
  readonly api: Api
  readonly stage: HttpStage
  /** Scheme and host, without a trailing slash. */
  readonly url: string
  /** What a record of the operator's DNS has to point at, where the stage has a name of its own. */
  domainName: DomainName | undefined
  readonly #routeSettings: Record<string, CfnStage.RouteSettingsProperty | object> = {}

  constructor(scope: Construct, id: string, { settings }: { readonly settings: DeploymentSettings }) {
    super(scope, id)
    const { stage, domain } = settings
    this.api = new Api(this, 'Api', {
      apiName: `flow-vault-${stage}`,
      createDefaultStage: false,
      // The name that people know it by is the only way in, where there is one.
      disableExecuteApiEndpoint: domain !== undefined,
      ...corsOf(settings),
    })
    const logs = new LogGroup(this, 'AccessLogs', {
      logGroupName: `/flow-vault/${stage}/http`,
      retention: RetentionDays.THREE_MONTHS,
      removalPolicy: RemovalPolicy.DESTROY,
    })
    this.stage = new HttpStage(this, 'Stage', {
      httpApi: this.api,
      stageName: '$default',
      autoDeploy: true,
      // Each route is counted and timed by its function already; API Gateway would be paid for saying it again.
      detailedMetricsEnabled: false,
      throttle: { rateLimit: REQUESTS_PER_SECOND, burstLimit: BURST_REQUESTS },
      accessLogSettings: {
        destination: new LogGroupLogDestination(logs),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG_FIELDS)),
      },
    })
    const made = this.stage.node.defaultChild as CfnStage
    made.routeSettings = Lazy.any({ produce: () => this.#routeSettings })
    if (domain === undefined) this.url = this.api.apiEndpoint
    else {
      this.#nameIt(domain)
      this.url = `https://${domain.name}`
    }
  }

  #nameIt({ name, certificateArn }: NonNullable<DeploymentSettings['domain']>): void {
    const certificate = Certificate.fromCertificateArn(this, 'Certificate', certificateArn)
    this.domainName = new DomainName(this, 'Domain', { domainName: name, certificate })
    new ApiMapping(this, 'Mapping', { api: this.api, domainName: this.domainName, stage: this.stage })
  }

  /**
   * Routes each of the function's routes to it. With `others`, also what no route names: then a wrong path or method
   * is answered in the vault's own words.
   */
  route(target: IFunction, routes: readonly Route<never>[], options: { others?: boolean } = {}): void {
    // One permission for the whole API: one a route would outgrow the 20 KB of a function's policy.
    const integration = new HttpLambdaIntegration(`To${target.node.path.split('/').at(-2)}`, target, {
      scopePermissionToRoute: false,
    })
    const authorizer = new HttpNoneAuthorizer()
    for (const route of routes) {
      // RFC 9110 §9.1: whoever answers GET answers HEAD; the gateway has no such rule of its own.
      const methods = [HttpMethod[route.method], ...(route.method === 'GET' ? [HttpMethod.HEAD] : [])]
      const added = this.api.addRoutes({ path: route.path, methods, integration, authorizer })
      if (route.scopes === undefined) this.#throttle(keysOf(methods, route.path), added)
    }
    if (!options.others) return
    const routeKey = HttpRouteKey.DEFAULT
    const other = new HttpRoute(this, 'Others', { httpApi: this.api, routeKey, integration, authorizer })
    this.#throttle([routeKey.key], [other])
  }

  #throttle(routeKeys: readonly string[], routes: readonly HttpRoute[]): void {
    for (const routeKey of routeKeys) {
      this.#routeSettings[routeKey] = {
        ThrottlingRateLimit: OPEN_REQUESTS_PER_SECOND,
        ThrottlingBurstLimit: OPEN_BURST_REQUESTS,
        DetailedMetricsEnabled: false,
      }
    }
    // A stage may name only routes that are there.
    this.stage.node.addDependency(...routes)
  }

  /** Passes token requests on to the issuer, so that Auth0's clients find the endpoint where they expect it. */
  proxyTokenRequests(tokenUrl: string): void {
    const added = this.api.addRoutes({
      path: '/oauth/token',
      methods: [HttpMethod.POST],
      integration: new HttpUrlIntegration('ToIssuer', tokenUrl, { method: HttpMethod.POST }),
      authorizer: new HttpNoneAuthorizer(),
    })
    this.#throttle(keysOf([HttpMethod.POST], '/oauth/token'), added)
  }
}

function keysOf(methods: readonly HttpMethod[], path: string): string[] {
  return methods.map((method) => `${method} ${path}`)
}
