# A complete private notes server. From the root of this repository:
#
#   npx postern aws bundle examples/notes/server.ts --include notes --out examples/aws-terraform/build
#   terraform -chdir=examples/aws-terraform init
#   terraform -chdir=examples/aws-terraform apply
#
# Before you apply, put in your own domain, its certificate in us-east-1, and a prefix for the
# sign-in page that is still free in your region.

terraform {
  required_version = ">= 1.9"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.25, < 7"
    }
  }
}

variable "region" {
  description = "Where everything but CloudFront lives."
  type        = string
  default     = "eu-central-1"
}

variable "mode" {
  description = "`broker` or `relay`."
  type        = string
  default     = "broker"
}

provider "aws" {
  region = var.region
}

module "notes" {
  source = "../../terraform"

  mode                  = var.mode
  name                  = "Example notes"
  prefix                = "example-notes"
  domain_name           = "mcp.example.com"
  certificate_arn       = "arn:aws:acm:us-east-1:111122223333:certificate/11111111-2222-3333-4444-555555555555"
  cognito_domain_prefix = "example-notes"
  postern_zip           = "build/postern.zip"
  server_zip            = "build/server.zip"

  # Members of this group of the user pool may sign in.
  access = [{ groups = ["mcp-users"] }]
}

output "mcp_url" {
  description = "What people paste into their client."
  value       = module.notes.mcp_url
}

output "claude_desktop" {
  description = "claude_desktop_config.json for Claude Desktop."
  value       = module.notes.claude_desktop
}

output "distribution_domain" {
  description = "Point the domain at it (CNAME or alias record)."
  value       = module.notes.distribution_domain
}

output "user_pool_id" {
  description = "User pool that people are added to."
  value       = module.notes.user_pool_id
}
