# One role and one log group for each function, of its name.

locals {
  functions = {
    for name, function in {
      front      = { exists = local.relay && !local.existing, vpc = true }
      facade     = { exists = local.relay && local.existing, vpc = true }
      token      = { exists = local.token_function, vpc = false }
      mcp        = { exists = local.broker && !local.existing, vpc = true }
      authorizer = { exists = local.broker && local.existing, vpc = true }
      oauth      = { exists = local.broker, vpc = false }
      keys       = { exists = true, vpc = false }
      keyWatch   = { exists = true, vpc = false }
    } : name => function if function.exists
  }

  function_names = { for name in keys(local.functions) : name => "${var.prefix}-${name}" }

  read_secret = {
    Effect   = "Allow"
    Action   = ["secretsmanager:GetSecretValue"]
    Resource = [aws_secretsmanager_secret.postern.arn]
  }

  # What a function may do besides writing its log.
  statements = {
    oauth    = [local.read_secret]
    keyWatch = local.broker ? [local.read_secret] : []
    keys = concat(
      [{
        Effect   = "Allow"
        Action   = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"]
        Resource = [aws_secretsmanager_secret.postern.arn]
      }],
      local.client_secret ? [{
        Effect   = "Allow"
        Action   = ["cognito-idp:DescribeUserPoolClient"]
        Resource = [aws_cognito_user_pool.pool.arn]
      }] : [],
    )
  }

  # Lambda's own needs inside a VPC. Network interfaces that do not exist yet have no ARN.
  network_interfaces = {
    Effect = "Allow"
    Action = [
      "ec2:CreateNetworkInterface",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSubnets",
      "ec2:DeleteNetworkInterface",
      "ec2:AssignPrivateIpAddresses",
      "ec2:UnassignPrivateIpAddresses",
    ]
    Resource = ["*"]
  }
}

resource "aws_cloudwatch_log_group" "function" {
  for_each = local.functions

  name              = "/aws/lambda/${local.function_names[each.key]}"
  retention_in_days = var.log_retention_days
}

resource "aws_iam_role" "function" {
  for_each = local.functions

  name = local.function_names[each.key]
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "lambda.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions

  name = "function"
  role = aws_iam_role.function[each.key].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.function[each.key].arn}:*"]
      }],
      each.value.vpc ? [local.network_interfaces] : [],
      lookup(local.statements, each.key, []),
    )
  })
}
