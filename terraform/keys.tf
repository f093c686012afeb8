# The `keys` function makes and rotates Postern's secret and returns only public parts. CloudFront
# must be told the origin secret, though: it is read below, and so stands in Terraform's state. Keep
# the state where you keep secrets.

resource "aws_secretsmanager_secret" "postern" {
  name_prefix = "${var.prefix}-"
  description = "Secrets of ${local.mcp_url}"
}

# Runs again when its input changes, or with `terraform apply -replace`.
resource "aws_lambda_invocation" "keys" {
  function_name = aws_lambda_function.keys.function_name

  input = jsonencode(merge(
    {
      mode     = var.mode
      issuer   = local.origin
      rotation = var.rotation
    },
    local.relay ? { jwksUri = local.idp_jwks_uri } : {},
    local.client_secret ? {
      userPoolId = aws_cognito_user_pool.pool.id
      clientId   = aws_cognito_user_pool_client.client.id
    } : {},
    var.client_authentication == "edge" ? { wantsBasic = "true" } : {},
    var.dangerously_share_client_secret ? { wantsClientSecret = "true" } : {},
  ))
}

# The version is what tells Terraform that the value has changed.
data "aws_secretsmanager_secret_version" "postern" {
  secret_id  = aws_secretsmanager_secret.postern.id
  version_id = local.keys.secretVersion
}

locals {
  keys   = jsondecode(aws_lambda_invocation.keys.result)
  secret = jsondecode(data.aws_secretsmanager_secret_version.postern.secret_string)
}
