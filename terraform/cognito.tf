resource "aws_cognito_user_pool" "pool" {
  name = var.prefix
  # Managed login and resource binding need this plan or a dearer one.
  user_pool_tier           = "ESSENTIALS"
  username_attributes      = ["email"]
  auto_verified_attributes = ["email"]
  mfa_configuration        = "OFF"
  # People are not part of what is torn down.
  deletion_protection = "ACTIVE"

  admin_create_user_config {
    allow_admin_create_user_only = true
  }

  username_configuration {
    case_sensitive = false
  }

  password_policy {
    minimum_length                   = 12
    temporary_password_validity_days = 7
  }
}

resource "aws_cognito_user_pool_domain" "pool" {
  user_pool_id          = aws_cognito_user_pool.pool.id
  domain                = var.cognito_domain_prefix
  managed_login_version = 2
}

resource "aws_cognito_resource_server" "mcp" {
  count = local.relay ? 1 : 0

  user_pool_id = aws_cognito_user_pool.pool.id
  # Byte for byte the `resource` that clients send, so that tokens are bound to it.
  identifier = local.mcp_url
  # The name cannot have the characters of a URL.
  name = "mcp"

  dynamic "scope" {
    for_each = toset(local.scope_names)
    content {
      scope_name        = scope.value
      scope_description = "Use ${local.name}"
    }
  }
}

resource "aws_cognito_user_pool_client" "client" {
  name            = var.prefix
  user_pool_id    = aws_cognito_user_pool.pool.id
  generate_secret = local.client_secret

  allowed_oauth_flows_user_pool_client = true
  allowed_oauth_flows                  = ["code"]
  allowed_oauth_scopes                 = local.idp_scopes
  callback_urls                        = local.idp_callback_urls
  supported_identity_providers         = ["COGNITO"]

  # Refresh tokens rotate, which excludes ALLOW_REFRESH_TOKEN_AUTH.
  explicit_auth_flows           = ["ALLOW_USER_SRP_AUTH"]
  prevent_user_existence_errors = "ENABLED"
  enable_token_revocation       = true

  access_token_validity  = 60
  id_token_validity      = 60
  refresh_token_validity = 30

  token_validity_units {
    access_token  = "minutes"
    id_token      = "minutes"
    refresh_token = "days"
  }

  refresh_token_rotation {
    feature                    = "ENABLED"
    retry_grace_period_seconds = 60
  }

  # Its scopes are texts, so that nothing else tells Terraform this order.
  depends_on = [aws_cognito_resource_server.mcp]

  lifecycle {
    precondition {
      condition     = length(local.idp_callback_urls) <= 100
      error_message = "callback_urls and the derived ones are more than the 100 that Cognito takes: list fewer, or use broker mode, which Cognito needs one for."
    }
  }
}

# Managed login shows nothing at all to a client without branding.
resource "aws_cognito_managed_login_branding" "client" {
  user_pool_id                = aws_cognito_user_pool.pool.id
  client_id                   = aws_cognito_user_pool_client.client.id
  use_cognito_provided_values = true
}
