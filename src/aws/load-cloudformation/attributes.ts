import type { Kind } from '../topology.ts'

export interface Type {
  kind: Kind
  /** What `Ref` gives, as an attribute of the model. */
  ref: string
  /** What `Fn::GetAtt` gives. `Arn` of a log group ends with `:*` (CloudFormation's reference). */
  attributes?: Readonly<Record<string, string>>
}

/** Types of CloudFormation that have a kind in the model, and what can be referenced of them. */
const TYPES: Readonly<Record<string, Type>> = {
  'AWS::CloudFront::Distribution': {
    kind: 'distribution',
    ref: 'id',
    attributes: { Id: 'id', DomainName: 'domain' },
  },
  'AWS::CloudFront::ResponseHeadersPolicy': {
    kind: 'responseHeadersPolicy',
    ref: 'id',
    attributes: { Id: 'id' },
  },
  'AWS::CloudFront::Function': {
    kind: 'edgeFunction',
    ref: 'arn',
    attributes: { FunctionARN: 'arn' },
  },
  'AWS::ApiGatewayV2::Api': { kind: 'api', ref: 'id', attributes: { ApiId: 'id' } },
  'AWS::ApiGatewayV2::Stage': { kind: 'stage', ref: 'name' },
  'AWS::ApiGatewayV2::Route': { kind: 'route', ref: 'id', attributes: { RouteId: 'id' } },
  'AWS::ApiGatewayV2::Integration': {
    kind: 'integration',
    ref: 'id',
    attributes: { IntegrationId: 'id' },
  },
  'AWS::ApiGatewayV2::Authorizer': {
    kind: 'authorizer',
    ref: 'id',
    attributes: { AuthorizerId: 'id' },
  },
  'AWS::Lambda::Function': { kind: 'function', ref: 'name', attributes: { Arn: 'arn' } },
  'AWS::Lambda::Permission': { kind: 'permission', ref: 'id', attributes: { Id: 'id' } },
  'AWS::IAM::Role': { kind: 'role', ref: 'name', attributes: { Arn: 'arn', RoleId: 'id' } },
  'AWS::Logs::LogGroup': { kind: 'logGroup', ref: 'name', attributes: { Arn: 'arn}:*' } },
  'AWS::EC2::VPC': {
    kind: 'vpc',
    ref: 'id',
    attributes: { VpcId: 'id', CidrBlock: 'cidr', DefaultSecurityGroup: 'defaultSecurityGroup' },
  },
  'AWS::EC2::Subnet': { kind: 'subnet', ref: 'id', attributes: { SubnetId: 'id' } },
  'AWS::EC2::RouteTable': { kind: 'routeTable', ref: 'id', attributes: { RouteTableId: 'id' } },
  'AWS::EC2::Route': { kind: 'networkRoute', ref: 'id' },
  'AWS::EC2::SecurityGroup': {
    kind: 'securityGroup',
    ref: 'id',
    attributes: { GroupId: 'id', Id: 'id' },
  },
  'AWS::EC2::NatGateway': { kind: 'natGateway', ref: 'id', attributes: { NatGatewayId: 'id' } },
  'AWS::EC2::InternetGateway': {
    kind: 'internetGateway',
    ref: 'id',
    attributes: { InternetGatewayId: 'id' },
  },
  'AWS::Cognito::UserPool': {
    kind: 'userPool',
    ref: 'id',
    attributes: { UserPoolId: 'id', Arn: 'arn', ProviderURL: 'issuer' },
  },
  'AWS::Cognito::UserPoolDomain': { kind: 'userPoolDomain', ref: 'domain' },
  'AWS::Cognito::ManagedLoginBranding': { kind: 'userPoolBranding', ref: 'id' },
  'AWS::Cognito::UserPoolClient': {
    kind: 'userPoolClient',
    ref: 'id',
    attributes: { ClientId: 'id' },
  },
  'AWS::Cognito::UserPoolResourceServer': { kind: 'resourceServer', ref: 'identifier' },
  'AWS::SecretsManager::Secret': { kind: 'secret', ref: 'arn', attributes: { Id: 'arn' } },
  'Custom::PosternKeys': {
    kind: 'keys',
    ref: 'id',
    attributes: {
      jwks: 'jwks',
      originSecretSha256: 'originSecretSha256',
      secretVersion: 'secretVersion',
    },
  },
  'AWS::Events::Rule': { kind: 'schedule', ref: 'name', attributes: { Arn: 'arn' } },
  'AWS::CloudWatch::Alarm': { kind: 'alarm', ref: 'name', attributes: { Arn: 'arn' } },
  'AWS::WAFv2::WebACL': { kind: 'webAcl', ref: 'name', attributes: { Arn: 'arn', Id: 'id' } },
}

export function typeOf(name: string): Type | undefined {
  return Object.hasOwn(TYPES, name) ? TYPES[name] : undefined
}

/** An attribute as the model names it; undefined: it knows none of that name. */
export function attributeOf(type: Type, attribute: string | undefined): string | undefined {
  if (attribute === undefined) return type.ref
  const attributes = type.attributes ?? {}
  return Object.hasOwn(attributes, attribute) ? attributes[attribute] : undefined
}
