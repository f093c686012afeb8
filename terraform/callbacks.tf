# An identity provider that compares redirect URIs exactly must know every one in advance. The port of
# mcp-remote's callback follows from its command line: 3335 + (first 16 bits of an MD5 mod 45816), and
# up to seven ports further while they are taken. `postern callback-urls` prints the same list.

locals {
  claude_callbacks = [
    "https://claude.ai/api/mcp/auth_callback",
    "https://claude.com/api/mcp/auth_callback",
  ]

  # What mcp-remote hashes besides the URL. It writes JSON with sorted keys, as jsonencode does, but
  # jsonencode escapes <, > and & on top.
  mcp_remote_parts = [
    for part in [
      var.mcp_remote.resource,
      length(var.mcp_remote.authorize_params) == 0 ? null : jsonencode(var.mcp_remote.authorize_params),
      length(var.mcp_remote.headers) == 0 ? null : jsonencode(var.mcp_remote.headers),
      var.mcp_remote.client_metadata_url,
      var.mcp_remote.token_endpoint,
    ] : replace(replace(replace(part, "\\u003c", "<"), "\\u003e", ">"), "\\u0026", "&")
    if part != null
  ]

  # People type the URL with and without a trailing slash, and mcp-remote takes it as it is.
  mcp_remote_first_ports = [
    for url in [local.mcp_url, "${local.mcp_url}/"] :
    3335 + parseint(substr(md5(join("|", concat([url], local.mcp_remote_parts))), 0, 4), 16) % 45816
  ]

  # With a client of its own mcp-remote takes its port or none.
  mcp_remote_ports = var.mcp_remote.port != null ? [var.mcp_remote.port] : flatten([
    for first in local.mcp_remote_first_ports :
    var.mcp_remote.client_metadata_url != null ? [first] : range(first, first + 8)
  ])

  mcp_remote_callbacks = flatten([
    for port in local.mcp_remote_ports : [
      for host in var.mcp_remote.host != null ? [var.mcp_remote.host] : ["localhost", "127.0.0.1"] :
      "http://${host}:${port}${var.mcp_remote.callback_path}"
    ]
  ])

  derived_callback_urls = distinct(concat(local.claude_callbacks, local.mcp_remote_callbacks))

  # The same command line again, for what people paste into their client.
  mcp_remote_arguments = concat(
    var.mcp_remote.port == null ? [] : [tostring(var.mcp_remote.port)],
    flatten([for name, value in var.mcp_remote.headers : ["--header", "${name}: ${value}"]]),
    flatten([for name, value in var.mcp_remote.authorize_params : ["--authorize-param", "${name}=${value}"]]),
    flatten([for option, value in {
      "--resource"            = var.mcp_remote.resource
      "--client-metadata-url" = var.mcp_remote.client_metadata_url
      "--token-endpoint"      = var.mcp_remote.token_endpoint
      "--host"                = var.mcp_remote.host
      "--callback-path"       = var.mcp_remote.callback_path == "/oauth/callback" ? null : var.mcp_remote.callback_path
    } : [option, value] if value != null]),
  )
}
