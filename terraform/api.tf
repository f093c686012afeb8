locals {
  # Who serves MCP, and who everything else. In relay mode with a server of yours it is one function.
  mcp_target   = local.existing ? "existing" : local.relay ? "front" : "mcp"
  other_target = local.broker ? "oauth" : local.existing ? "facade" : "front"

  # Functions that API Gateway calls.
  target_arns = {
    for name, arn in {
      front    = one(aws_lambda_function.front[*].arn)
      facade   = one(aws_lambda_function.facade[*].arn)
      token    = one(aws_lambda_function.token[*].arn)
      mcp      = one(aws_lambda_function.mcp[*].arn)
      oauth    = one(aws_lambda_function.oauth[*].arn)
      existing = var.existing_function_arn
    } : name => arn if contains(local.targets, name)
  }
  targets = distinct(concat([local.mcp_target, local.other_target], local.token_function ? ["token"] : []))

  # Named by what they serve and not by whom they call, so that a change of mode or server changes an
  # integration where it is: API Gateway refuses to delete one that a route still names.
  integrations = merge(
    { default = local.other_target },
    local.mcp_has_route ? { mcp = local.mcp_target } : {},
    local.token_function ? { token = "token" } : {},
  )

  # A preflight carries no token for an authorizer.
  mcp_has_route = local.authorizer || local.mcp_target != local.other_target
  routes = merge(
    { default = { key = "$default", integration = "default", guarded = false } },
    local.mcp_has_route ? {
      mcp = { key = "ANY ${var.path}", integration = "mcp", guarded = local.authorizer }
    } : {},
    local.authorizer ? {
      mcpOptions = { key = "OPTIONS ${var.path}", integration = "default", guarded = false }
    } : {},
    local.token_function ? {
      token  = { key = "ANY /token", integration = "token", guarded = false }
      revoke = { key = "ANY /revoke", integration = "token", guarded = false }
    } : {},
  )
}

resource "aws_apigatewayv2_api" "api" {
  name                         = var.prefix
  description                  = local.mcp_url
  protocol_type                = "HTTP"
  disable_execute_api_endpoint = false
}

resource "aws_cloudwatch_log_group" "api" {
  name              = "/aws/apigateway/${var.prefix}"
  retention_in_days = var.log_retention_days
}

resource "aws_apigatewayv2_stage" "api" {
  api_id      = aws_apigatewayv2_api.api.id
  name        = "$default"
  auto_deploy = true

  # No query strings: they hold authorization codes.
  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.api.arn
    format          = "$context.requestId $context.requestTime $context.routeKey $context.status $context.responseLatency $context.integrationErrorMessage $context.authorizer.error"
  }
}

resource "aws_apigatewayv2_integration" "function" {
  for_each = local.integrations

  api_id                 = aws_apigatewayv2_api.api.id
  integration_type       = "AWS_PROXY"
  integration_uri        = local.target_arns[each.value]
  payload_format_version = "2.0"
  timeout_milliseconds   = 30000
}

resource "aws_lambda_permission" "function" {
  for_each = local.target_arns

  function_name = each.value
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.api.execution_arn}/*/*"
}

resource "aws_apigatewayv2_route" "route" {
  for_each = local.routes

  api_id               = aws_apigatewayv2_api.api.id
  route_key            = each.value.key
  target               = "integrations/${aws_apigatewayv2_integration.function[each.value.integration].id}"
  authorization_type   = !each.value.guarded ? "NONE" : local.relay ? "JWT" : "CUSTOM"
  authorizer_id        = each.value.guarded ? aws_apigatewayv2_authorizer.mcp[0].id : null
  authorization_scopes = each.value.guarded && local.relay ? local.scopes : null
}

# In relay mode API Gateway verifies Cognito's tokens itself; in broker mode it asks Postern.
resource "aws_apigatewayv2_authorizer" "mcp" {
  count = local.authorizer ? 1 : 0

  api_id           = aws_apigatewayv2_api.api.id
  name             = "mcp"
  authorizer_type  = local.relay ? "JWT" : "REQUEST"
  identity_sources = ["$request.header.Authorization"]

  dynamic "jwt_configuration" {
    for_each = local.relay ? [local.idp_issuer] : []
    content {
      issuer = jwt_configuration.value
      # API Gateway looks at client_id where a token has no aud, so that both are listed.
      audience = [local.mcp_url, aws_cognito_user_pool_client.client.id]
    }
  }

  authorizer_uri                    = one(aws_lambda_function.authorizer[*].invoke_arn)
  authorizer_payload_format_version = local.broker ? "2.0" : null
  enable_simple_responses           = local.broker ? true : null
  # A remembered answer would outlive the token.
  authorizer_result_ttl_in_seconds = local.broker ? 0 : null

  # No gate of Postern's stands before an existing function in relay mode. Here, and not with the
  # variables, because Terraform would then say nothing else of access while mode is wrong.
  lifecycle {
    # API Gateway refuses to delete an authorizer that a route still names.
    create_before_destroy = true

    precondition {
      condition     = local.broker || !local.existing || can(tostring(var.access))
      error_message = "In relay mode only API Gateway's JWT authorizer stands before an existing function, and it knows no rules: access is \"anyoneTheIdpAdmits\". Use broker mode or server_zip, or admit to the user pool only who may come in."
    }

    precondition {
      condition     = local.broker || !local.existing || length(var.required_scopes) == 0 || length(distinct(local.scopes)) == 1
      error_message = "In relay mode only API Gateway's JWT authorizer stands before an existing function, and it is content with any one scope: leave out required_scopes, or offer that scope only."
    }
  }
}

resource "aws_lambda_permission" "authorizer" {
  count = local.broker && local.existing ? 1 : 0

  function_name = aws_lambda_function.authorizer[0].arn
  action        = "lambda:InvokeFunction"
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.api.execution_arn}/authorizers/${aws_apigatewayv2_authorizer.mcp[0].id}"
}
