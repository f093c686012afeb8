variable "mode" {
  description = "`broker`: Postern is a complete authorization server and signs its own tokens. `relay`: clients end up with Cognito's tokens and no function of Postern reaches the internet."
  type        = string

  validation {
    condition     = contains(["broker", "relay"], var.mode)
    error_message = "mode is `broker` or `relay`."
  }
}

variable "prefix" {
  description = "Prefix of the names of everything that is created, for a second server in one account. Roles and functions of CloudFront have names that all regions share."
  type        = string
  default     = "postern"

  validation {
    # EC2 keeps names of security groups that start with sg- to itself.
    condition     = can(regex("^[a-z][a-z0-9-]{0,31}$", var.prefix)) && !can(regex("^sg(-|$)", var.prefix))
    error_message = "prefix has at most 32 lower-case letters, digits and hyphens, starts with a letter, and is not sg or sg-…"
  }
}

variable "name" {
  description = "What people read on the consent page. Default: domain_name."
  type        = string
  default     = null
}

variable "domain_name" {
  description = "Public host name of the server, such as `mcp.example.com`. Point it at the output `distribution_domain`."
  type        = string

  validation {
    condition     = can(regex("^([a-z0-9]([a-z0-9-]*[a-z0-9])?\\.)+[a-z]{2,}$", var.domain_name))
    error_message = "domain_name is a host name in lower case, without https:// and without a path."
  }
}

variable "certificate_arn" {
  description = "ARN of an ACM certificate for domain_name. CloudFront takes it from us-east-1 only."
  type        = string

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:acm:us-east-1:[0-9]{12}:certificate/.+$", var.certificate_arn))
    error_message = "certificate_arn is a certificate of ACM in us-east-1: CloudFront takes no other."
  }
}

variable "path" {
  description = "Path of the MCP endpoint. The address that people type is https://<domain_name><path>."
  type        = string
  default     = "/mcp"

  validation {
    condition     = can(regex("^(/[A-Za-z0-9._~-]+)+$", var.path))
    error_message = "path starts with a slash and does not end with one."
  }

  validation {
    condition     = !contains(["/authorize", "/consent", "/idp", "/ping", "/register", "/revoke", "/token", "/.well-known"], "/${split("/", var.path)[1]}")
    error_message = "path would hide one of Postern's own: /authorize, /consent, /idp, /register, /revoke, /token, /.well-known (and API Gateway's /ping)."
  }
}

variable "cognito_domain_prefix" {
  description = "Prefix of the user pool's domain, unique in the region: https://<prefix>.auth.<region>.amazoncognito.com."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.cognito_domain_prefix))
    error_message = "cognito_domain_prefix has 1 to 63 lower-case letters, digits and hyphens, and no hyphen at either end."
  }

  validation {
    condition     = !can(regex("aws|amazon|cognito", var.cognito_domain_prefix))
    error_message = "Cognito reserves the words aws, amazon and cognito: cognito_domain_prefix contains none of them."
  }
}

variable "access" {
  description = "Who may sign in: a list of rules (`subjects`, `groups`, `emailDomains`, `claims`, `scopes`), or \"anyoneTheIdpAdmits\". There is no default."
  type        = any

  validation {
    condition = can(tostring(var.access)) ? var.access == "anyoneTheIdpAdmits" : (
      length(var.access) > 0 && alltrue([
        for rule in var.access :
        length(setsubtract(keys(rule), ["subjects", "groups", "emailDomains", "claims", "scopes"])) == 0
      ])
    )
    error_message = "access is \"anyoneTheIdpAdmits\" or a list of rules with the members subjects, groups, emailDomains, claims and scopes."
  }
}

variable "branding" {
  description = "How the pages look that people see: `name` above every page (default: the host), `logo` (a base64 data: URL of an image; a function's environment holds 4,096 bytes, so a small SVG), `colour` (#rrggbb)."
  type = object({
    name   = optional(string)
    logo   = optional(string)
    colour = optional(string)
  })
  default = null

  validation {
    condition     = try(var.branding.name, null) == null ? true : can(regex("^[^[:cntrl:]]{1,64}$", var.branding.name))
    error_message = "branding.name has 1 to 64 characters that can be seen."
  }

  validation {
    condition     = try(var.branding.logo, null) == null ? true : can(regex("^data:image/(png|jpeg|webp|gif|svg\\+xml);base64,[A-Za-z0-9+/]+={0,2}$", var.branding.logo))
    error_message = "branding.logo is a base64 data: URL of an image: data:image/svg+xml;base64,… (or png, jpeg, webp, gif)."
  }

  validation {
    condition     = try(var.branding.colour, null) == null ? true : can(regex("^#[0-9A-Fa-f]{6}$", var.branding.colour))
    error_message = "branding.colour is in the form #rrggbb."
  }
}

variable "scopes" {
  description = "Scopes of the MCP server. Default: [\"mcp\"] in broker mode; in relay mode [\"tools\"], which Cognito knows as <MCP URL>/tools."
  type        = list(string)
  default     = null

  validation {
    condition     = var.scopes == null ? true : length(var.scopes) > 0 && alltrue([for scope in var.scopes : can(regex("^[\\x21\\x23-\\x2e\\x30-\\x5b\\x5d-\\x7e]{1,256}$", scope))])
    error_message = "scopes has at least one scope; a scope has no spaces, quotes, slashes or backslashes."
  }
}

variable "required_scopes" {
  description = "Scopes without which a request is refused with 403, written as in scopes."
  type        = list(string)
  default     = []
}

variable "forward_groups" {
  description = "Groups that the MCP server learns about its callers."
  type        = list(string)
  default     = []
}

variable "allowed_origins" {
  description = "Origins of browser applications that may call the MCP URL, besides its own. Behind an authorizer of API Gateway (existing_function_arn, defence = \"both\") browsers get no further: it refuses their preflights, which carry no token."
  type        = list(string)
  default     = []
}

variable "client_domains" {
  description = "In broker: hosts whose clients may come by a metadata document, `app.example.com` or `*.example.com`. Empty: none. Default: every host."
  type        = list(string)
  default     = null

  validation {
    condition     = var.client_domains == null ? true : var.mode == "broker" && alltrue([for domain in var.client_domains : can(regex("^([*]\\.)?([a-z0-9-]+\\.)+[a-z][a-z0-9-]*(:[0-9]{1,5})?$", domain))])
    error_message = "client_domains are host names in lower case, without https:// and path, and for broker mode."
  }
}

variable "postern_zip" {
  description = "Path of the zip with Postern's own functions: the files of `dist/lambda/` after `npm run build:lambda`."
  type        = string
}

variable "server_zip" {
  description = "Path of the zip with your MCP server, a handler made by `mcpHandler(createServer)`. Leave it out when existing_function_arn is given."
  type        = string
  default     = null

  validation {
    condition     = (var.server_zip == null) != (var.existing_function_arn == null)
    error_message = "Give either server_zip or existing_function_arn."
  }
}

variable "server_handler" {
  description = "Handler inside server_zip."
  type        = string
  default     = "index.handler"
}

variable "server_environment" {
  description = "Further environment variables of your MCP server. Names that begin with POSTERN_ are Postern's."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for name in keys(var.server_environment) : !startswith(name, "POSTERN_")])
    error_message = "Names in server_environment do not begin with POSTERN_."
  }
}

variable "existing_function_arn" {
  description = "ARN of a Lambda function that serves MCP already, in any runtime. Postern guards it with an authorizer."
  type        = string
  default     = null

  validation {
    condition     = var.existing_function_arn == null || can(regex("^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+$", var.existing_function_arn))
    error_message = "existing_function_arn is the unqualified ARN of a Lambda function."
  }
}

variable "defence" {
  description = "Relay with server_zip: `lambda` (your function verifies every token and challenges exactly) or `both` (API Gateway's JWT authorizer as well; its challenge is a static one, so step-up to further scopes is lost)."
  type        = string
  default     = "lambda"

  validation {
    condition     = contains(["lambda", "both"], var.defence)
    error_message = "defence is `lambda` or `both`."
  }

  validation {
    condition     = var.defence == "lambda" || (var.mode == "relay" && var.existing_function_arn == null)
    error_message = "defence = \"both\" is for relay mode with server_zip: API Gateway's JWT authorizer knows no Ed25519, and an existing function is behind an authorizer anyway."
  }

  validation {
    condition = (
      var.mode != "relay" || (var.existing_function_arn == null && var.defence == "lambda") ||
      length(coalesce(var.scopes, ["tools"])) <= 10
    )
    error_message = "A route of API Gateway with an authorizer takes 10 scopes: use fewer, or defence = \"lambda\" or broker mode."
  }

  validation {
    condition = (
      var.mode != "relay" || (var.existing_function_arn == null && var.defence == "lambda") ||
      alltrue([for scope in coalesce(var.scopes, ["tools"]) : length("https://${var.domain_name}${var.path}/${scope}") <= 64])
    )
    error_message = "A route of API Gateway with an authorizer takes scopes of at most 64 characters, and Cognito's are <MCP URL>/<scope>: shorten domain_name, path or scopes, or use defence = \"lambda\" or broker mode."
  }
}

variable "token_path" {
  description = "Relay: who answers /token and /revoke. `edge`: CloudFront sends them to Cognito. `function`: a function outside the VPC does, which can strip `resource`."
  type        = string
  default     = "edge"

  validation {
    condition     = contains(["edge", "function"], var.token_path)
    error_message = "token_path is `edge` or `function`."
  }

  validation {
    condition     = var.token_path == "edge" || var.mode == "relay"
    error_message = "token_path = \"function\" is for relay mode: in broker mode Postern has a token endpoint of its own."
  }
}

variable "resource_parameter" {
  description = "Relay: whether Cognito's authorization endpoint is told the `resource`: `forward` or `strip`."
  type        = string
  default     = "forward"

  validation {
    condition     = contains(["forward", "strip"], var.resource_parameter)
    error_message = "resource_parameter is `forward` or `strip`."
  }
}

variable "client_authentication" {
  description = "Relay: `public` (PKCE alone) or `edge` (the app client has a secret, which CloudFront adds on the way to Cognito)."
  type        = string
  default     = "public"

  validation {
    condition     = contains(["public", "edge"], var.client_authentication)
    error_message = "client_authentication is `public` or `edge`."
  }

  validation {
    condition     = var.client_authentication == "public" || (var.mode == "relay" && !var.dangerously_share_client_secret)
    error_message = "client_authentication = \"edge\" is for relay mode, and excludes dangerously_share_client_secret."
  }
}

variable "dangerously_share_client_secret" {
  description = "Relay: hand the client's secret to everybody who registers, as clients need that know no public clients."
  type        = bool
  default     = false

  validation {
    condition     = !var.dangerously_share_client_secret || var.mode == "relay"
    error_message = "dangerously_share_client_secret is for relay mode: in broker mode no client has a secret."
  }
}

variable "callback_urls" {
  description = "Further redirect URIs that clients may come back to."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for url in var.callback_urls : can(regex("^(https://[^#*]+|http://(localhost|127\\.0\\.0\\.1|\\[::1\\])[:/][^#*]*|[a-z][a-z0-9+.-]*://[^#*]*)$", url)) && (!startswith(url, "http://") || can(regex("^http://(localhost|127\\.0\\.0\\.1|\\[::1\\])[:/]", url)))])
    error_message = "callback_urls are https, http on localhost, 127.0.0.1 or [::1], or of an own scheme; without fragment or wildcard."
  }
}

variable "mcp_remote" {
  description = "What people write on mcp-remote's command line besides the URL, because it changes the port that its callback comes to: --resource, --header, --authorize-param, --client-metadata-url, --token-endpoint, --host, --callback-path and the port."
  type = object({
    resource            = optional(string)
    headers             = optional(map(string), {})
    authorize_params    = optional(map(string), {})
    client_metadata_url = optional(string)
    token_endpoint      = optional(string)
    host                = optional(string)
    callback_path       = optional(string, "/oauth/callback")
    port                = optional(number)
  })
  default = {}
}

variable "rotation" {
  description = "Any text. A new one rotates Postern's secrets, the one before takes that back."
  type        = string
  default     = "1"
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 30
}

variable "memory_size" {
  description = "MB of the function that runs your MCP server."
  type        = number
  default     = 1024

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 10240
    error_message = "memory_size is between 128 and 10240 MB."
  }
}

variable "alarm_actions" {
  description = "ARNs, such as an SNS topic's, that hear of pinned keys that are out of date."
  type        = list(string)
  default     = []
}
