/** What the module finds in the account, and what the `keys` function would have answered. */
import type { Account, Answers } from './provider.ts'

const REGION = 'eu-central-1'

export const account: Account = {
  aws_region: () => ({ id: REGION, region: REGION, name: REGION }),
  aws_partition: () => ({ id: 'aws', partition: 'aws', dns_suffix: 'amazonaws.com' }),
  aws_caller_identity: () => ({ id: '111122223333', account_id: '111122223333' }),
  aws_availability_zones: () => ({
    id: REGION,
    names: ['a', 'b', 'c'].map((zone) => `${REGION}${zone}`),
  }),
  aws_secretsmanager_secret_version: ({ secret_id, version_id }) => ({
    id: `${String(secret_id)}|${String(version_id)}`,
    secret_string: JSON.stringify({
      originSecret: '«secret:originSecret»',
      basic: '«secret:basic»',
      clientSecret: '«secret:clientSecret»',
      entries: [],
    }),
  }),
}

export const answers: Answers = {
  aws_lambda_invocation: () => ({
    result: JSON.stringify({
      jwks: '«keys:jwks»',
      originSecretSha256: '«keys:originSecretSha256»',
      secretVersion: '«keys:secretVersion»',
    }),
  }),
}
