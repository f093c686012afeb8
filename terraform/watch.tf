# Pinned keys go stale; whoever operates this hears of it, with the command that renews them.

resource "aws_cloudwatch_event_rule" "keyWatch" {
  name                = "${var.prefix}-keyWatch"
  description         = "Compares the pinned keys of ${local.mcp_url} with the live ones"
  schedule_expression = "rate(1 hour)"
  state               = "ENABLED"
}

resource "aws_cloudwatch_event_target" "keyWatch" {
  rule      = aws_cloudwatch_event_rule.keyWatch.name
  target_id = "keyWatch"
  arn       = aws_lambda_function.keyWatch.arn
}

resource "aws_lambda_permission" "keyWatch" {
  function_name = aws_lambda_function.keyWatch.arn
  action        = "lambda:InvokeFunction"
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.keyWatch.arn
}

resource "aws_cloudwatch_metric_alarm" "keyWatch" {
  alarm_name          = "${var.prefix}-keyWatch"
  alarm_description   = "The pinned keys of ${local.mcp_url} are out of date: people will be refused. Run: ${local.redeploy_command}"
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.keyWatch.function_name }
  statistic           = "Sum"
  period              = 3600
  evaluation_periods  = 1
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
}
