data "aws_region" "current" {}

data "aws_partition" "current" {}

locals {
  relay    = var.mode == "relay"
  broker   = var.mode == "broker"
  existing = var.existing_function_arn != null

  name    = coalesce(var.name, var.domain_name)
  origin  = "https://${var.domain_name}"
  mcp_url = "${local.origin}${var.path}"

  # An authorizer's refusal cannot be worded, so that CloudFront words it.
  authorizer     = local.existing || var.defence == "both"
  token_at_edge  = local.relay && var.token_path == "edge"
  token_function = var.token_path == "function"

  # Cognito names a scope after the resource server that it belongs to.
  scope_names     = coalesce(var.scopes, local.relay ? ["tools"] : ["mcp"])
  scopes          = local.relay ? [for scope in local.scope_names : "${local.mcp_url}/${scope}"] : local.scope_names
  required_scopes = local.relay ? [for scope in var.required_scopes : "${local.mcp_url}/${scope}"] : var.required_scopes

  # In relay mode Cognito must know every redirect URI; in broker mode only Postern's own.
  redirect_uris     = local.relay ? distinct(concat(local.derived_callback_urls, var.callback_urls)) : var.callback_urls
  idp_callback_urls = local.relay ? local.redirect_uris : ["${local.origin}/idp/callback"]
  idp_scopes        = local.relay ? local.scopes : ["openid", "email"]

  idp_issuer   = "https://cognito-idp.${data.aws_region.current.region}.${data.aws_partition.current.dns_suffix}/${aws_cognito_user_pool.pool.id}"
  idp_jwks_uri = "${local.idp_issuer}/.well-known/jwks.json"
  idp_host     = "${aws_cognito_user_pool_domain.pool.domain}.auth.${data.aws_region.current.region}.amazoncognito.com"

  # Whether the app client has a secret.
  client_secret = var.client_authentication == "edge" || var.dangerously_share_client_secret
}
