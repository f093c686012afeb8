# What functions are told, by what they need it for. An empty text counts as absent.

locals {
  door_environment = {
    POSTERN_MODE                 = var.mode
    POSTERN_MCP_URL              = local.mcp_url
    POSTERN_NAME                 = local.name
    POSTERN_SCOPES               = join(" ", local.scopes)
    POSTERN_REQUIRED_SCOPES      = join(" ", local.required_scopes)
    POSTERN_PUBLIC_HOST          = var.domain_name
    POSTERN_ORIGIN_SECRET_SHA256 = local.keys.originSecretSha256
    POSTERN_ALLOWED_ORIGINS      = join(" ", var.allowed_origins)
  }

  # A gate holds public keys only.
  gate_environment = {
    POSTERN_JWKS           = local.keys.jwks
    POSTERN_FORWARD_GROUPS = join(" ", var.forward_groups)
  }

  # Of functions that answer people.
  pages_environment = {
    POSTERN_BRANDING = var.branding == null ? "" : jsonencode({ for key, value in var.branding : key => value if value != null })
  }

  access_environment = {
    POSTERN_ACCESS = try(tostring(local.access), jsonencode(local.access))
  }

  idp_environment = {
    POSTERN_IDP_ISSUER     = local.idp_issuer
    POSTERN_IDP_CLIENT_ID  = aws_cognito_user_pool_client.client.id
    POSTERN_IDP_DOMAIN     = "https://${local.idp_host}"
    POSTERN_IDP_SCOPES     = local.broker ? join(" ", local.idp_scopes) : ""
    POSTERN_REDIRECT_URIS  = join(" ", local.redirect_uris)
    POSTERN_CLIENT_DOMAINS = local.client_domains
  }

  relay_environment = {
    POSTERN_RESOURCE_PARAMETER               = var.resource_parameter
    POSTERN_TOKEN_PATH                       = var.token_path
    POSTERN_DANGEROUSLY_SHARED_CLIENT_SECRET = var.dangerously_share_client_secret ? local.secret.clientSecret : ""
  }

  keys_environment = {
    POSTERN_MODE       = var.mode
    POSTERN_MCP_URL    = local.mcp_url
    POSTERN_JWKS_URI   = local.relay ? local.idp_jwks_uri : ""
    POSTERN_SECRET_ARN = aws_secretsmanager_secret.postern.arn
  }

  facade_environment = merge(
    local.door_environment,
    local.pages_environment,
    local.gate_environment,
    local.access_environment,
    local.idp_environment,
    local.relay_environment,
  )

  # Without a list every host may publish clients, with an empty one none.
  client_domains = var.client_domains == null ? "" : coalesce(join(" ", var.client_domains), "none")

  # What can become long, known before anything is made, and 2,100 bytes for the rest: the two keys of a
  # user pool, names, ids and hashes. Lambda takes 4,096 bytes.
  long_environment   = join(" ", concat(local.redirect_uris, local.scopes, var.forward_groups, [jsonencode(local.access), local.pages_environment.POSTERN_BRANDING]))
  environment_fits   = 2100 + length(local.long_environment) <= 4096
  environment_advice = "callback_urls, scopes, access, forward_groups and branding do not fit into the 4,096 bytes of a function's environment: list fewer or shorter ones, use a smaller logo or none, or use broker mode, which needs no list of callbacks."

  # The scopes of a rule as they stand on the wire.
  access = can(tostring(var.access)) ? var.access : [
    for rule in var.access : merge(rule, can(rule.scopes) && local.relay ? {
      scopes = [for scope in rule.scopes : "${local.mcp_url}/${scope}"]
    } : {})
  ]

  redeploy_command = "terraform apply -replace=module.<name of the module>.aws_lambda_invocation.keys"
}
