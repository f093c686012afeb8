import type { IVpc } from 'aws-cdk-lib/aws-ec2'
import type { IUserPool, IUserPoolClient, IUserPoolDomain } from 'aws-cdk-lib/aws-cognito'
import type { Code, IFunction } from 'aws-cdk-lib/aws-lambda'
import type { RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Access, BrandingOptions } from '../../config/options.ts'

/**
 * What a private MCP server on AWS is made from. All problems are reported at once, at synth, by
 * one `ConfigError` that names property, problem and fix.
 */
export type PrivateMcpServerProps = BrokerProps | RelayProps

interface CommonProps {
  /**
   * Who may sign in: rules over verified claims, or `'anyoneTheIdpAdmits'`. No default. In relay
   * only what Cognito's access tokens carry can be asked for: `sub`, groups, no e-mail address.
   */
  access: Access
  /**
   * Host of the MCP URL, for instance `mcp.example.com`; point its DNS at the distribution. It must
   * be known at synth: headers of the distribution carry it, which CloudFormation could otherwise
   * only resolve in a circle.
   */
  domainName: string
  /** ACM certificate for `domainName`. CloudFront takes certificates of us-east-1 only. */
  certificateArn: string
  /** Path of the MCP URL. Default `/mcp`. */
  path?: string
  /** Shown on the consent page and in metadata. Default: `domainName`. */
  name?: string
  /**
   * How the pages look that people see. It is part of functions' environments, which hold 4,096
   * bytes: a logo is a small SVG.
   */
  branding?: BrandingOptions
  /**
   * The MCP server: code whose handler is `mcpHandler(createServer)` of `postern/aws-lambda`
   * (default `index.handler`), or a Lambda function of any runtime, behind an authorizer. A URL is
   * refused: a gate that forwards would need private keys inside the VPC.
   */
  server:
    { code: Code; handler?: string; environment?: Record<string, string> } | { existing: IFunction }
  /**
   * Scopes of the MCP server. Default: `['mcp']` in broker; in relay `['tools']`, which Cognito
   * makes `<MCP URL>/tools`.
   */
  scopes?: string[]
  /** Scopes without which a request is refused with 403, as written in `scopes`. Default none. */
  requiredScopes?: string[]
  /** Groups that the MCP server learns about its callers. Default none. */
  forwardGroups?: string[]
  /**
   * Origins of browser applications that may call the MCP URL, besides its own. Default none. Behind
   * an authorizer of API Gateway (`existing`, `defence: 'both'`) browsers get no further: it refuses
   * their preflights, which carry no token.
   */
  allowedOrigins?: string[]
  /** Redirect URIs besides loopback (broker), known clients' and mcp-remote's (relay). */
  callbackUrls?: string[]
  /** Prefix of the sign-in domain, `<prefix>.auth.<region>.amazoncognito.com`. Only for a new pool. */
  cognitoDomainPrefix?: string
  /**
   * Your own user pool instead of a new one. `domain` is its prefix domain with managed login.
   * Without `client` one is made in your pool, with everything that belongs to it.
   */
  userPool?: { pool: IUserPool; domain: IUserPoolDomain; client?: IUserPoolClient }
  /** Its isolated subnets hold the MCP server. Default: a new VPC without any way out. */
  vpc?: IVpc
  /** Any text. A new one rotates the secrets, the one before takes that back. Default `1`. */
  rotation?: string
  /** Default 30 days. */
  logRetention?: RetentionDays
  /** MB of the function that runs the MCP server. Default 1024. */
  memorySize?: number
}

/** Postern is the authorization server, Cognito the identity provider behind it. */
export interface BrokerProps extends CommonProps {
  mode: 'broker'
  /**
   * Hosts whose clients may come by a metadata document: `app.example.com`, `*.example.com`. Empty:
   * none. Default: every host.
   */
  clientDomains?: string[]
}

/** Clients end up with Cognito's own tokens; no function of yours or ours reaches the internet. */
export interface RelayProps extends CommonProps {
  mode: 'relay'
  /**
   * `public`: PKCE alone (default). `edge`: the app client has a secret, which CloudFront adds on
   * the way to Cognito, so that codes are worth nothing at Cognito's own token endpoint.
   */
  clientAuthentication?: 'public' | 'edge'
  /**
   * `edge`: CloudFront sends `/token` and `/revoke` straight to Cognito (default). `function`: a
   * function with internet does, which can leave out the `resource` parameter.
   */
  tokenPath?: 'edge' | 'function'
  /** Whether Cognito's authorization endpoint is told the `resource`. Default `forward`. */
  resourceParameter?: 'forward' | 'strip'
  /**
   * `lambda`: the function verifies every token and answers with full challenges (default). `both`:
   * API Gateway's JWT authorizer first; its refusals carry a fixed challenge, without step-up.
   */
  defence?: 'lambda' | 'both'
  /** Hands the app client's secret to every client that registers, for clients that insist on one. */
  dangerouslyShareClientSecret?: boolean
  /** What people type after the URL in mcp-remote's arguments: it decides the callback port. */
  mcpRemoteArguments?: string[]
}
