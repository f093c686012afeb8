output "mcp_url" {
  description = "What people paste into their client."
  value       = local.mcp_url
}

output "claude_desktop" {
  description = "claude_desktop_config.json for Claude Desktop."
  value = jsonencode({
    mcpServers = { (local.name) = { command = "npx", args = concat(["mcp-remote", local.mcp_url], local.mcp_remote_arguments) } }
  })
}

output "callback_urls" {
  description = "Callback URLs that the app client knows."
  value       = local.idp_callback_urls
}

output "distribution_domain" {
  description = "Point domain_name at it (CNAME or alias record)."
  value       = aws_cloudfront_distribution.edge.domain_name
}

output "distribution_zone_id" {
  description = "Hosted zone of distribution_domain, for an alias record in Route 53."
  value       = aws_cloudfront_distribution.edge.hosted_zone_id
}

output "user_pool_id" {
  description = "User pool that people are added to."
  value       = aws_cognito_user_pool.pool.id
}

output "function_names" {
  description = "Names of the functions in Lambda and CloudWatch."
  value       = local.function_names
}

output "key_watch_alarm_arn" {
  description = "Alarm that goes off when the pinned keys are out of date."
  value       = aws_cloudwatch_metric_alarm.keyWatch.arn
}
