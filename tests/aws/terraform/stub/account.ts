/** What AWS answers where a mark is no answer, by type and attribute. */
import type { ObjectValue } from './values.ts'

export type Answers = Readonly<Record<string, (state: ObjectValue) => ObjectValue>>

export const REGION = 'eu-central-1'

export const DATA_SOURCES: Answers = {
  aws_region: () => ({ id: REGION, name: REGION }),
  aws_partition: () => ({ id: 'aws', partition: 'aws', dns_suffix: 'amazonaws.com' }),
  aws_availability_zones: () => ({
    id: REGION,
    names: ['a', 'b', 'c'].map((zone) => `${REGION}${zone}`),
  }),
  // What the `keys` function would have written.
  aws_secretsmanager_secret_version: ({ secret_id, version_id }) => ({
    id: `${String(secret_id)}|${String(version_id)}`,
    secret_string: JSON.stringify({
      originSecret: '«secret:originSecret»',
      basic: '«secret:basic»',
      clientSecret: '«secret:clientSecret»',
    }),
  }),
}

export const RESOURCES: Answers = {
  aws_apigatewayv2_api: ({ id }) => ({
    api_endpoint: `https://${String(id)}.execute-api.${REGION}.amazonaws.com`,
  }),
  // What the `keys` function would have returned.
  aws_lambda_invocation: () => ({
    result: JSON.stringify({
      jwks: '«keys:jwks»',
      originSecretSha256: '«keys:originSecretSha256»',
      secretVersion: '«keys:secretVersion»',
    }),
  }),
}
