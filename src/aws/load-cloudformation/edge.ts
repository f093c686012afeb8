import * as v from 'valibot'
import { MANAGED_CACHE_POLICIES, MANAGED_ORIGIN_REQUEST_POLICIES } from '../managed-policies.ts'
import type { Behavior, Origin } from '../topology.ts'
import { Flag, type Load, nameOf, Numeric, read, Text, Texts } from './input.ts'

const OriginSchema = v.object({
  Id: Text,
  DomainName: Text,
  OriginPath: v.optional(Text, ''),
  CustomOriginConfig: v.optional(
    v.object({
      OriginProtocolPolicy: v.picklist(['http-only', 'https-only', 'match-viewer']),
      HTTPPort: v.optional(Numeric, 80),
      HTTPSPort: v.optional(Numeric, 443),
      OriginSSLProtocols: v.optional(Texts, []),
      OriginReadTimeout: v.optional(Numeric, 30),
    }),
  ),
  OriginCustomHeaders: v.optional(v.array(v.object({ HeaderName: Text, HeaderValue: Text })), []),
})

const BehaviorSchema = v.object({
  PathPattern: v.optional(Text, '*'),
  TargetOriginId: Text,
  AllowedMethods: v.optional(Texts, ['GET', 'HEAD']),
  ViewerProtocolPolicy: v.picklist(['https-only', 'redirect-to-https', 'allow-all']),
  Compress: v.optional(Flag, false),
  CachePolicyId: v.optional(Text),
  OriginRequestPolicyId: v.optional(Text),
  ResponseHeadersPolicyId: v.optional(Text),
  FunctionAssociations: v.optional(v.array(v.object({ EventType: Text, FunctionARN: Text })), []),
})

const DistributionSchema = v.object({
  DistributionConfig: v.object({
    Aliases: v.optional(Texts, []),
    ViewerCertificate: v.optional(
      v.object({
        AcmCertificateArn: v.optional(Text),
        MinimumProtocolVersion: v.optional(Text),
      }),
      {},
    ),
    HttpVersion: v.optional(Text, 'http1.1'),
    Enabled: Flag,
    WebACLId: v.optional(Text),
    Origins: v.array(OriginSchema),
    CacheBehaviors: v.optional(v.array(BehaviorSchema), []),
    DefaultCacheBehavior: BehaviorSchema,
    CustomErrorResponses: v.optional(
      v.array(
        v.object({
          ErrorCode: Numeric,
          ErrorCachingMinTTL: v.optional(Numeric),
          ResponsePagePath: v.optional(Text),
          ResponseCode: v.optional(Numeric),
        }),
      ),
      [],
    ),
    Logging: v.optional(v.object({ Bucket: v.optional(Text) })),
  }),
})

const loadDistribution: Load = (input) => {
  const { DistributionConfig: config } = read(DistributionSchema, input)
  const logs = config.Logging?.Bucket
  return {
    kind: 'distribution',
    name: input.name,
    aliases: config.Aliases,
    certificateArn: config.ViewerCertificate.AcmCertificateArn ?? null,
    minimumTls: config.ViewerCertificate.MinimumProtocolVersion ?? null,
    httpVersion: config.HttpVersion,
    enabled: config.Enabled,
    webAcl: config.WebACLId ?? null,
    origins: config.Origins.map(toOrigin),
    behaviors: [...config.CacheBehaviors, config.DefaultCacheBehavior].map(toBehavior),
    errorResponses: config.CustomErrorResponses.map((response) => ({
      status: response.ErrorCode,
      cachingSeconds: response.ErrorCachingMinTTL ?? null,
      responsePagePath: response.ResponsePagePath ?? null,
      responseStatus: response.ResponseCode ?? null,
    })),
    accessLogs: logs === undefined ? null : { destination: logs },
  }
}

function toOrigin(origin: v.InferOutput<typeof OriginSchema>): Origin {
  const custom = origin.CustomOriginConfig
  const protocol = custom?.OriginProtocolPolicy ?? 'https-only'
  return {
    id: origin.Id,
    domain: origin.DomainName,
    path: origin.OriginPath,
    protocol,
    port: protocol === 'http-only' ? (custom?.HTTPPort ?? 80) : (custom?.HTTPSPort ?? 443),
    tlsVersions: custom?.OriginSSLProtocols ?? [],
    readTimeoutSeconds: custom?.OriginReadTimeout ?? 30,
    headers: origin.OriginCustomHeaders.map(({ HeaderName, HeaderValue }) => ({
      name: HeaderName.toLowerCase(),
      value: HeaderValue,
    })),
  }
}

function toBehavior(behavior: v.InferOutput<typeof BehaviorSchema>): Behavior {
  const functionAt = (event: string): string | null => {
    const found = behavior.FunctionAssociations.find(({ EventType }) => EventType === event)
    return found === undefined ? null : nameOf('edgeFunction', found.FunctionARN)
  }
  const { CachePolicyId, OriginRequestPolicyId, ResponseHeadersPolicyId } = behavior
  return {
    pattern: behavior.PathPattern,
    origin: behavior.TargetOriginId,
    methods: behavior.AllowedMethods,
    viewerProtocol: behavior.ViewerProtocolPolicy,
    compress: behavior.Compress,
    cachePolicy: managed(MANAGED_CACHE_POLICIES, CachePolicyId),
    originRequestPolicy: managed(MANAGED_ORIGIN_REQUEST_POLICIES, OriginRequestPolicyId),
    responseHeadersPolicy:
      ResponseHeadersPolicyId === undefined
        ? null
        : nameOf('responseHeadersPolicy', ResponseHeadersPolicyId),
    viewerRequest: functionAt('viewer-request'),
    viewerResponse: functionAt('viewer-response'),
  }
}

function managed(names: Readonly<Record<string, string>>, id: string | undefined): string | null {
  if (id === undefined) return null
  return Object.hasOwn(names, id) ? (names[id] ?? id) : id
}

const ResponseHeadersPolicySchema = v.object({
  ResponseHeadersPolicyConfig: v.object({
    CustomHeadersConfig: v.optional(
      v.object({
        Items: v.array(v.object({ Header: Text, Value: Text, Override: Flag })),
      }),
      { Items: [] },
    ),
    RemoveHeadersConfig: v.optional(v.object({ Items: v.array(v.object({ Header: Text })) }), {
      Items: [],
    }),
  }),
})

const loadResponseHeadersPolicy: Load = (input) => {
  const { ResponseHeadersPolicyConfig: config } = read(ResponseHeadersPolicySchema, input)
  return {
    kind: 'responseHeadersPolicy',
    name: input.name,
    set: config.CustomHeadersConfig.Items.map(({ Header, Value, Override }) => ({
      name: Header,
      value: Value,
      override: Override,
    })),
    remove: config.RemoveHeadersConfig.Items.map(({ Header }) => Header),
  }
}

const EdgeFunctionSchema = v.object({
  FunctionCode: Text,
  FunctionConfig: v.object({ Runtime: Text }),
})

const loadEdgeFunction: Load = (input) => {
  const { FunctionCode, FunctionConfig } = read(EdgeFunctionSchema, input)
  return {
    kind: 'edgeFunction',
    name: input.name,
    runtime: FunctionConfig.Runtime,
    code: FunctionCode,
  }
}

const WebAclSchema = v.object({
  Rules: v.optional(
    v.array(
      v.object({
        Statement: v.object({
          ManagedRuleGroupStatement: v.optional(
            v.object({
              Name: Text,
              ExcludedRules: v.optional(v.array(v.object({ Name: Text })), []),
              RuleActionOverrides: v.optional(
                v.array(v.object({ Name: Text, ActionToUse: v.record(v.string(), v.unknown()) })),
                [],
              ),
            }),
          ),
        }),
      }),
    ),
    [],
  ),
})

const loadWebAcl: Load = (input) => ({
  kind: 'webAcl',
  name: input.name,
  managedRuleSets: read(WebAclSchema, input).Rules.flatMap(({ Statement }) => {
    const group = Statement.ManagedRuleGroupStatement
    if (group === undefined) return []
    const harmless = group.RuleActionOverrides.filter(
      ({ ActionToUse }) => !('Block' in ActionToUse),
    )
    return [
      {
        name: group.Name,
        excluded: [...group.ExcludedRules, ...harmless].map(({ Name }) => Name),
      },
    ]
  }),
})

export const EDGE: Readonly<Record<string, Load>> = {
  'AWS::CloudFront::Distribution': loadDistribution,
  'AWS::CloudFront::ResponseHeadersPolicy': loadResponseHeadersPolicy,
  'AWS::CloudFront::Function': loadEdgeFunction,
  'AWS::WAFv2::WebACL': loadWebAcl,
}
