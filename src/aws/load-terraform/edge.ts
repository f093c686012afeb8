import * as v from 'valibot'
import { MANAGED_CACHE_POLICIES, MANAGED_ORIGIN_REQUEST_POLICIES } from '../managed-policies.ts'
import type { Behavior, Origin } from '../topology.ts'
import { block, blocks, type Load, nameOf, read, Text, Texts } from './input.ts'

const OriginSchema = v.object({
  origin_id: Text,
  domain_name: Text,
  origin_path: v.nullish(Text, ''),
  custom_origin_config: block(
    v.object({
      origin_protocol_policy: v.picklist(['http-only', 'https-only', 'match-viewer']),
      http_port: v.number(),
      https_port: v.number(),
      origin_ssl_protocols: Texts,
      origin_read_timeout: v.nullish(v.number(), 30),
    }),
  ),
  custom_header: blocks(v.object({ name: Text, value: Text })),
})

const BehaviorSchema = v.object({
  path_pattern: v.nullish(Text, '*'),
  target_origin_id: Text,
  allowed_methods: Texts,
  viewer_protocol_policy: v.picklist(['https-only', 'redirect-to-https', 'allow-all']),
  compress: v.nullish(v.boolean(), false),
  cache_policy_id: v.nullish(Text, ''),
  origin_request_policy_id: v.nullish(Text, ''),
  response_headers_policy_id: v.nullish(Text, ''),
  function_association: blocks(v.object({ event_type: Text, function_arn: Text })),
})

const DistributionSchema = v.object({
  aliases: Texts,
  viewer_certificate: block(
    v.object({
      acm_certificate_arn: v.nullish(Text, ''),
      minimum_protocol_version: v.nullish(Text, ''),
    }),
  ),
  http_version: v.nullish(Text, 'http2'),
  enabled: v.boolean(),
  web_acl_id: v.nullish(Text, ''),
  origin: v.array(OriginSchema),
  ordered_cache_behavior: blocks(BehaviorSchema),
  default_cache_behavior: v.array(BehaviorSchema),
  custom_error_response: blocks(
    v.object({
      error_code: v.number(),
      error_caching_min_ttl: v.nullish(v.number()),
      response_page_path: v.nullish(Text, ''),
      response_code: v.nullish(v.number(), 0),
    }),
  ),
  logging_config: block(v.object({ bucket: v.nullish(Text, '') })),
})

const loadDistribution: Load = (input) => {
  const found = read(DistributionSchema, input)
  const bucket = found.logging_config?.bucket ?? ''
  return {
    kind: 'distribution',
    name: input.name,
    aliases: found.aliases,
    certificateArn: textOrNull(found.viewer_certificate?.acm_certificate_arn),
    minimumTls: textOrNull(found.viewer_certificate?.minimum_protocol_version),
    httpVersion: found.http_version,
    enabled: found.enabled,
    webAcl: textOrNull(found.web_acl_id),
    origins: found.origin.map(toOrigin),
    behaviors: [...found.ordered_cache_behavior, ...found.default_cache_behavior].map(toBehavior),
    errorResponses: found.custom_error_response.map((response) => ({
      status: response.error_code,
      cachingSeconds: response.error_caching_min_ttl ?? null,
      responsePagePath: textOrNull(response.response_page_path),
      // The provider writes 0 for none.
      responseStatus: response.response_code === 0 ? null : response.response_code,
    })),
    accessLogs: bucket === '' ? null : { destination: bucket },
  }
}

/** The provider writes '' where AWS has nothing. */
function textOrNull(text: string | undefined): string | null {
  return text === undefined || text === '' ? null : text
}

function toOrigin(origin: v.InferOutput<typeof OriginSchema>): Origin {
  const custom = origin.custom_origin_config
  const protocol = custom?.origin_protocol_policy ?? 'https-only'
  return {
    id: origin.origin_id,
    domain: origin.domain_name,
    path: origin.origin_path,
    protocol,
    port: (protocol === 'http-only' ? custom?.http_port : custom?.https_port) ?? 443,
    tlsVersions: custom?.origin_ssl_protocols ?? [],
    readTimeoutSeconds: custom?.origin_read_timeout ?? 30,
    headers: origin.custom_header.map(({ name, value }) => ({ name: name.toLowerCase(), value })),
  }
}

function toBehavior(behavior: v.InferOutput<typeof BehaviorSchema>): Behavior {
  const functionAt = (event: string): string | null => {
    const found = behavior.function_association.find(({ event_type }) => event_type === event)
    return found === undefined ? null : nameOf('edgeFunction', found.function_arn)
  }
  const headersPolicy = textOrNull(behavior.response_headers_policy_id)
  return {
    pattern: behavior.path_pattern,
    origin: behavior.target_origin_id,
    methods: behavior.allowed_methods,
    viewerProtocol: behavior.viewer_protocol_policy,
    compress: behavior.compress,
    cachePolicy: managed(MANAGED_CACHE_POLICIES, behavior.cache_policy_id),
    originRequestPolicy: managed(
      MANAGED_ORIGIN_REQUEST_POLICIES,
      behavior.origin_request_policy_id,
    ),
    responseHeadersPolicy:
      headersPolicy === null ? null : nameOf('responseHeadersPolicy', headersPolicy),
    viewerRequest: functionAt('viewer-request'),
    viewerResponse: functionAt('viewer-response'),
  }
}

function managed(names: Readonly<Record<string, string>>, id: string): string | null {
  return textOrNull(names[id] ?? id)
}

const ResponseHeadersPolicySchema = v.object({
  custom_headers_config: block(
    v.object({
      items: blocks(v.object({ header: Text, value: Text, override: v.boolean() })),
    }),
  ),
  remove_headers_config: block(v.object({ items: blocks(v.object({ header: Text })) })),
})

const loadResponseHeadersPolicy: Load = (input) => {
  const found = read(ResponseHeadersPolicySchema, input)
  return {
    kind: 'responseHeadersPolicy',
    name: input.name,
    set: (found.custom_headers_config?.items ?? []).map(({ header, value, override }) => ({
      name: header,
      value,
      override,
    })),
    remove: (found.remove_headers_config?.items ?? []).map(({ header }) => header),
  }
}

const EdgeFunctionSchema = v.object({ code: Text, runtime: Text })

const loadEdgeFunction: Load = (input) => ({
  kind: 'edgeFunction',
  name: input.name,
  ...read(EdgeFunctionSchema, input),
})

const WebAclSchema = v.object({
  rule: blocks(
    v.object({
      statement: block(
        v.object({
          managed_rule_group_statement: block(
            v.object({
              name: Text,
              rule_action_override: blocks(
                v.object({
                  name: Text,
                  action_to_use: block(v.object({ block: blocks(v.unknown()) })),
                }),
              ),
            }),
          ),
        }),
      ),
    }),
  ),
})

const loadWebAcl: Load = (input) => ({
  kind: 'webAcl',
  name: input.name,
  managedRuleSets: read(WebAclSchema, input).rule.flatMap(({ statement }) => {
    const group = statement?.managed_rule_group_statement
    if (group === undefined) return []
    const harmless = group.rule_action_override.filter(
      ({ action_to_use }) => action_to_use?.block.length === 0,
    )
    return [{ name: group.name, excluded: harmless.map(({ name }) => name) }]
  }),
})

export const EDGE: Readonly<Record<string, Load>> = {
  aws_cloudfront_distribution: loadDistribution,
  aws_cloudfront_response_headers_policy: loadResponseHeadersPolicy,
  aws_cloudfront_function: loadEdgeFunction,
  aws_wafv2_web_acl: loadWebAcl,
}
