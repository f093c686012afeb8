# A VPC with no way out: no NAT gateway, no internet gateway, no endpoint.

data "aws_availability_zones" "available" {
  state = "available"

  # No Local Zones, where Lambda is not: an account that has opted into some lists them first.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }
}

resource "aws_vpc" "vpc" {
  cidr_block           = "10.0.0.0/24"
  enable_dns_hostnames = true
  enable_dns_support   = true

  tags = { Name = var.prefix }
}

resource "aws_subnet" "private0" {
  vpc_id                  = aws_vpc.vpc.id
  cidr_block              = "10.0.0.0/25"
  availability_zone       = data.aws_availability_zones.available.names[0]
  map_public_ip_on_launch = false

  tags = { Name = "${var.prefix}-private0" }
}

resource "aws_subnet" "private1" {
  vpc_id                  = aws_vpc.vpc.id
  cidr_block              = "10.0.0.128/25"
  availability_zone       = data.aws_availability_zones.available.names[1]
  map_public_ip_on_launch = false

  tags = { Name = "${var.prefix}-private1" }
}

resource "aws_route_table" "private0" {
  vpc_id = aws_vpc.vpc.id

  tags = { Name = "${var.prefix}-private0" }
}

resource "aws_route_table" "private1" {
  vpc_id = aws_vpc.vpc.id

  tags = { Name = "${var.prefix}-private1" }
}

resource "aws_route_table_association" "private0" {
  subnet_id      = aws_subnet.private0.id
  route_table_id = aws_route_table.private0.id
}

resource "aws_route_table_association" "private1" {
  subnet_id      = aws_subnet.private1.id
  route_table_id = aws_route_table.private1.id
}

resource "aws_security_group" "functions" {
  name        = "${var.prefix}-functions"
  description = "MCP server without a way out"
  vpc_id      = aws_vpc.vpc.id

  # Empty lists rather than none, so that a rule added by hand shows up in the next plan.
  ingress = []
  egress  = []
}
