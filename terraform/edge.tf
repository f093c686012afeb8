locals {
  # Managed policies of CloudFront; their ids are the same in every account.
  caching_disabled               = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
  all_viewer_except_host_header  = "b689b0a8-53d0-40ab-baf2-68738e2966ac"
  all_methods                    = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"]
  protected_resource_metadata    = "${local.origin}/.well-known/oauth-protected-resource${var.path}"
  challenge                      = "Bearer resource_metadata=\"${local.protected_resource_metadata}\", scope=\"${join(" ", local.scopes)}\""
  comment_length                 = 128
  statuses_of_which_errors_stick = [400, 403, 404, 405, 414, 416, 500, 501, 502, 503, 504]
}

resource "aws_cloudfront_distribution" "edge" {
  enabled         = true
  comment         = substr(local.mcp_url, 0, local.comment_length)
  aliases         = [var.domain_name]
  http_version    = "http2and3"
  is_ipv6_enabled = true

  viewer_certificate {
    acm_certificate_arn      = var.certificate_arn
    minimum_protocol_version = "TLSv1.2_2021"
    ssl_support_method       = "sni-only"
  }

  restrictions {
    geo_restriction {
      restriction_type = "none"
    }
  }

  origin {
    origin_id   = "api"
    domain_name = replace(aws_apigatewayv2_api.api.api_endpoint, "https://", "")

    custom_origin_config {
      http_port              = 80
      https_port             = 443
      origin_protocol_policy = "https-only"
      origin_ssl_protocols   = ["TLSv1.2"]
      origin_read_timeout    = 30
    }

    # API Gateway names itself in Host. The secret proves that the other header is CloudFront's.
    custom_header {
      name  = "x-mcp-public-host"
      value = var.domain_name
    }
    custom_header {
      name  = "x-origin-verify"
      value = local.secret.originSecret
    }
  }

  # /token becomes Cognito's /oauth2/token, /revoke its /oauth2/revoke.
  dynamic "origin" {
    for_each = local.token_at_edge ? [local.idp_host] : []
    content {
      origin_id   = "cognito"
      domain_name = origin.value
      origin_path = "/oauth2"

      custom_origin_config {
        http_port              = 80
        https_port             = 443
        origin_protocol_policy = "https-only"
        origin_ssl_protocols   = ["TLSv1.2"]
        origin_read_timeout    = 30
      }

      dynamic "custom_header" {
        for_each = var.client_authentication == "edge" ? ["Basic ${local.secret.basic}"] : []
        content {
          name  = "authorization"
          value = custom_header.value
        }
      }
    }
  }

  # No origin request policy: without one CloudFront drops cookies and sends Cognito's own Host.
  dynamic "ordered_cache_behavior" {
    for_each = local.token_at_edge ? ["/token", "/revoke"] : []
    content {
      path_pattern               = ordered_cache_behavior.value
      target_origin_id           = "cognito"
      allowed_methods            = local.all_methods
      cached_methods             = ["GET", "HEAD"]
      viewer_protocol_policy     = "https-only"
      compress                   = false
      cache_policy_id            = local.caching_disabled
      response_headers_policy_id = aws_cloudfront_response_headers_policy.token[0].id

      function_association {
        event_type   = "viewer-request"
        function_arn = aws_cloudfront_function.tokenPost[0].arn
      }
    }
  }

  dynamic "ordered_cache_behavior" {
    for_each = local.mcp_has_route ? [var.path, "${var.path}/"] : []
    content {
      path_pattern               = ordered_cache_behavior.value
      target_origin_id           = "api"
      allowed_methods            = local.all_methods
      cached_methods             = ["GET", "HEAD"]
      viewer_protocol_policy     = "https-only"
      compress                   = false
      cache_policy_id            = local.caching_disabled
      origin_request_policy_id   = local.all_viewer_except_host_header
      response_headers_policy_id = one(aws_cloudfront_response_headers_policy.challenge[*].id)

      function_association {
        event_type   = "viewer-request"
        function_arn = aws_cloudfront_function.mcpPath[0].arn
      }
    }
  }

  default_cache_behavior {
    target_origin_id         = "api"
    allowed_methods          = local.all_methods
    cached_methods           = ["GET", "HEAD"]
    viewer_protocol_policy   = "https-only"
    compress                 = false
    cache_policy_id          = local.caching_disabled
    origin_request_policy_id = local.all_viewer_except_host_header
  }

  # CloudFront would keep each of them for 10 s.
  dynamic "custom_error_response" {
    for_each = local.statuses_of_which_errors_stick
    content {
      error_code            = custom_error_response.value
      error_caching_min_ttl = 0
    }
  }

  # The functions must accept a new origin secret before CloudFront sends it.
  depends_on = [
    aws_lambda_function.front,
    aws_lambda_function.facade,
    aws_lambda_function.token,
    aws_lambda_function.mcp,
    aws_lambda_function.authorizer,
    aws_lambda_function.oauth,
  ]
}

# What an authorizer of API Gateway cannot say (RFC 9728 section 5.1).
resource "aws_cloudfront_response_headers_policy" "challenge" {
  count = local.authorizer ? 1 : 0

  name    = "${var.prefix}-challenge"
  comment = substr("Challenge of ${local.mcp_url}", 0, local.comment_length)

  custom_headers_config {
    items {
      header   = "WWW-Authenticate"
      value    = local.challenge
      override = true
    }
  }

  # CloudFront deletes nothing that the distribution still uses, so that it goes after the update.
  lifecycle {
    create_before_destroy = true
  }
}

# Cognito's XSRF cookie would be set for this host.
resource "aws_cloudfront_response_headers_policy" "token" {
  count = local.token_at_edge ? 1 : 0

  name    = "${var.prefix}-token"
  comment = substr("Token endpoint of ${local.mcp_url}", 0, local.comment_length)

  remove_headers_config {
    items {
      header = "Set-Cookie"
    }
    items {
      header = "x-amz-cognito-request-id"
    }
  }

  # CloudFront deletes nothing that the distribution still uses, so that it goes after the update.
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudfront_function" "tokenPost" {
  count = local.token_at_edge ? 1 : 0

  name    = "${var.prefix}-tokenPost"
  comment = substr("Only POST at the token endpoint of ${local.mcp_url}", 0, local.comment_length)
  runtime = "cloudfront-js-2.0"
  code    = file("${path.module}/token-post.js")
  publish = true

  # CloudFront deletes nothing that the distribution still uses, so that it goes after the update.
  lifecycle {
    create_before_destroy = true
  }
}

# Whether /mcp/ reaches a route /mcp is documented nowhere, and a route key may not end with a slash.
# Before an authorizer it also answers whoever has no token that is still good: an authorizer in
# Lambda cannot say 401, from which alone a client learns to refresh. Nothing is verified here.
resource "aws_cloudfront_function" "mcpPath" {
  count = local.mcp_has_route ? 1 : 0

  name    = "${var.prefix}-mcpPath"
  comment = substr("One spelling of ${local.mcp_url}", 0, local.comment_length)
  runtime = "cloudfront-js-2.0"
  publish = true
  code = templatefile("${path.module}/mcp-path.js.tftpl", {
    path      = var.path
    challenge = local.authorizer ? local.challenge : null
  })

  # CloudFront deletes nothing that the distribution still uses, so that it goes after the update.
  lifecycle {
    create_before_destroy = true
  }
}
