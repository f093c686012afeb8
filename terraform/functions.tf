# Where each function runs decides what it can be asked to do: those in the VPC reach nothing and hold
# public keys only, those outside reach the internet.

locals {
  runtime       = "nodejs24.x"
  architectures = ["arm64"]

  # API Gateway gives up after 30 s.
  timeout = 29

  network = {
    subnet_ids         = [aws_subnet.private0.id, aws_subnet.private1.id]
    security_group_ids = [aws_security_group.functions.id]
  }
}

# Relay: your MCP server and Postern's facade in one.
resource "aws_lambda_function" "front" {
  count = local.relay && !local.existing ? 1 : 0

  function_name    = local.function_names["front"]
  filename         = var.server_zip
  source_code_hash = filebase64sha256(var.server_zip)
  handler          = var.server_handler
  runtime          = local.runtime
  architectures    = local.architectures
  memory_size      = var.memory_size
  timeout          = local.timeout
  role             = aws_iam_role.function["front"].arn

  vpc_config {
    subnet_ids         = local.network.subnet_ids
    security_group_ids = local.network.security_group_ids
  }

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.function["front"].name
  }

  environment {
    variables = { for key, value in merge(var.server_environment, local.facade_environment) : key => value if value != "" }
  }

  depends_on = [aws_iam_role_policy.function]

  lifecycle {
    precondition {
      condition     = local.environment_fits
      error_message = local.environment_advice
    }
  }
}

# Relay in front of a function that exists already.
resource "aws_lambda_function" "facade" {
  count = local.relay && local.existing ? 1 : 0

  function_name    = local.function_names["facade"]
  filename         = var.postern_zip
  source_code_hash = filebase64sha256(var.postern_zip)
  handler          = "facade.handler"
  runtime          = local.runtime
  architectures    = local.architectures
  memory_size      = 512
  timeout          = local.timeout
  role             = aws_iam_role.function["facade"].arn

  vpc_config {
    subnet_ids         = local.network.subnet_ids
    security_group_ids = local.network.security_group_ids
  }

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.function["facade"].name
  }

  environment {
    variables = { for key, value in local.facade_environment : key => value if value != "" }
  }

  depends_on = [aws_iam_role_policy.function]

  lifecycle {
    precondition {
      condition     = local.environment_fits
      error_message = local.environment_advice
    }
  }
}

# Relay with token_path = "function".
resource "aws_lambda_function" "token" {
  count = local.token_function ? 1 : 0

  function_name    = local.function_names["token"]
  filename         = var.postern_zip
  source_code_hash = filebase64sha256(var.postern_zip)
  handler          = "token.handler"
  runtime          = local.runtime
  architectures    = local.architectures
  memory_size      = 512
  timeout          = local.timeout
  role             = aws_iam_role.function["token"].arn

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.function["token"].name
  }

  environment {
    variables = { for key, value in merge(local.door_environment, local.idp_environment, local.relay_environment) : key => value if value != "" }
  }

  depends_on = [aws_iam_role_policy.function]
}

# Broker: your MCP server.
resource "aws_lambda_function" "mcp" {
  count = local.broker && !local.existing ? 1 : 0

  function_name    = local.function_names["mcp"]
  filename         = var.server_zip
  source_code_hash = filebase64sha256(var.server_zip)
  handler          = var.server_handler
  runtime          = local.runtime
  architectures    = local.architectures
  memory_size      = var.memory_size
  timeout          = local.timeout
  role             = aws_iam_role.function["mcp"].arn

  vpc_config {
    subnet_ids         = local.network.subnet_ids
    security_group_ids = local.network.security_group_ids
  }

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.function["mcp"].name
  }

  environment {
    variables = { for key, value in merge(var.server_environment, local.door_environment, local.pages_environment, local.gate_environment) : key => value if value != "" }
  }

  depends_on = [aws_iam_role_policy.function]
}

# Broker in front of a function that exists already. API Gateway waits 10 s for an authorizer.
resource "aws_lambda_function" "authorizer" {
  count = local.broker && local.existing ? 1 : 0

  function_name    = local.function_names["authorizer"]
  filename         = var.postern_zip
  source_code_hash = filebase64sha256(var.postern_zip)
  handler          = "authorizer.handler"
  runtime          = local.runtime
  architectures    = local.architectures
  memory_size      = 512
  timeout          = 10
  role             = aws_iam_role.function["authorizer"].arn

  vpc_config {
    subnet_ids         = local.network.subnet_ids
    security_group_ids = local.network.security_group_ids
  }

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.function["authorizer"].name
  }

  environment {
    variables = { for key, value in merge(local.door_environment, local.gate_environment) : key => value if value != "" }
  }

  depends_on = [aws_iam_role_policy.function]
}

# Broker: Postern's authorization server.
resource "aws_lambda_function" "oauth" {
  count = local.broker ? 1 : 0

  function_name    = local.function_names["oauth"]
  filename         = var.postern_zip
  source_code_hash = filebase64sha256(var.postern_zip)
  handler          = "oauth.handler"
  runtime          = local.runtime
  architectures    = local.architectures
  memory_size      = 512
  timeout          = local.timeout
  role             = aws_iam_role.function["oauth"].arn

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.function["oauth"].name
  }

  environment {
    variables = { for key, value in merge(
      local.door_environment,
      local.pages_environment,
      local.gate_environment,
      local.access_environment,
      local.idp_environment,
      { POSTERN_SECRET_ARN = aws_secretsmanager_secret.postern.arn },
    ) : key => value if value != "" }
  }

  depends_on = [aws_iam_role_policy.function]

  lifecycle {
    precondition {
      condition     = local.environment_fits
      error_message = local.environment_advice
    }
  }
}

resource "aws_lambda_function" "keys" {
  function_name    = local.function_names["keys"]
  filename         = var.postern_zip
  source_code_hash = filebase64sha256(var.postern_zip)
  handler          = "keys.handler"
  runtime          = local.runtime
  architectures    = local.architectures
  memory_size      = 256
  timeout          = 60
  role             = aws_iam_role.function["keys"].arn

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.function["keys"].name
  }

  environment {
    variables = { for key, value in local.keys_environment : key => value if value != "" }
  }

  depends_on = [aws_iam_role_policy.function]
}

resource "aws_lambda_function" "keyWatch" {
  function_name    = local.function_names["keyWatch"]
  filename         = var.postern_zip
  source_code_hash = filebase64sha256(var.postern_zip)
  handler          = "keyWatch.handler"
  runtime          = local.runtime
  architectures    = local.architectures
  memory_size      = 256
  timeout          = 30
  role             = aws_iam_role.function["keyWatch"].arn

  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.function["keyWatch"].name
  }

  environment {
    variables = { for key, value in merge(local.keys_environment, {
      POSTERN_JWKS             = local.keys.jwks
      POSTERN_REDEPLOY_COMMAND = local.redeploy_command
      POSTERN_SECRET_ARN       = local.broker ? aws_secretsmanager_secret.postern.arn : ""
    }) : key => value if value != "" }
  }

  depends_on = [aws_iam_role_policy.function]
}
