/** How a setting is called by those who deploy: in the CDK construct, and in the Terraform module. */
export const WAYS_OUT = {
  tokenPathFunction: { cdk: "tokenPath: 'function'", terraform: 'token_path = "function"' },
  publicClient: {
    cdk: "clientAuthentication: 'public'",
    terraform: 'client_authentication = "public"',
  },
  edgeSecret: { cdk: "clientAuthentication: 'edge'", terraform: 'client_authentication = "edge"' },
  defenceLambda: { cdk: "defence: 'lambda'", terraform: 'defence = "lambda"' },
  defenceBoth: { cdk: "defence: 'both'", terraform: 'defence = "both"' },
  resourceStrip: { cdk: "resourceParameter: 'strip'", terraform: 'resource_parameter = "strip"' },
  noSharedSecret: {
    cdk: 'dangerouslyShareClientSecret: false',
    terraform: 'dangerously_share_client_secret = false',
  },
} as const

export function wayOut(name: keyof typeof WAYS_OUT): string {
  const { cdk, terraform } = WAYS_OUT[name]
  return `\`${cdk}\` (Terraform \`${terraform}\`)`
}
