import * as v from 'valibot'
import { PATHS, protectedResourceMetadataUrl } from '../../../protocol/metadata.ts'
import type { Deployment } from '../deployment.ts'
import { mergeSame, shown, type Finding, type Outcome } from '../finding.ts'
import type { Asked } from '../outside.ts'

const REDEPLOY = 'Deploy what `postern/cdk` or the Terraform module builds for this URL.'

/** RFC 9728 and RFC 8414: what clients read before they sign in. */
export async function checkMetadata(deployment: Deployment): Promise<Outcome> {
  const { ask, mcpUrl, origin } = deployment
  const ownPath = protectedResourceMetadataUrl(mcpUrl)
  const atRoot = origin + PATHS.protectedResourceMetadata
  const documents = [...new Set([ownPath, `${ownPath}/`, atRoot])]
  const [resources, server] = await Promise.all([
    Promise.all(documents.map(async (url) => checkResource(deployment, url, await ask(url)))),
    deployment.metadata(),
  ])
  return {
    findings: [...mergeSame(resources.flat()), ...checkServer(deployment, server)],
    positions: [],
  }
}

function checkResource({ mcpUrl, origin }: Deployment, url: string, asked: Asked): Finding[] {
  const where = `GET ${url}`
  const document = readJson(asked)
  if (typeof document === 'string')
    return [
      {
        code: 'RESOURCE_METADATA_MISSING',
        level: 'error',
        where,
        message: `Clients find no protected resource metadata: ${document}`,
        fix: REDEPLOY,
        source: 'RFC 9728 §3',
      },
    ]
  const findings: Finding[] = []
  if (document['resource'] !== mcpUrl)
    findings.push({
      code: 'RESOURCE_MISMATCH',
      level: 'error',
      where,
      message: `\`resource\` is ${show(document['resource'])}, not ${mcpUrl}: clients refuse it`,
      fix: 'Deploy with the domain name and path that people type.',
      source: 'RFC 9728 §3.3',
    })
  const servers = document['authorization_servers']
  if (!Array.isArray(servers) || servers.length !== 1 || servers[0] !== origin)
    findings.push({
      code: 'AUTHORIZATION_SERVER_FOREIGN',
      level: 'error',
      where,
      message: `\`authorization_servers\` is ${show(servers)}, not ["${origin}"]: clients register there and fail`,
      fix: 'Name the own origin alone, never the issuer of the user pool.',
      source: 'RFC 9728 §2',
    })
  return findings
}

const ENDPOINTS = {
  authorization_endpoint: PATHS.authorize,
  token_endpoint: PATHS.token,
  registration_endpoint: PATHS.register,
} as const

const LISTS = [
  {
    name: 'code_challenge_methods_supported',
    anyOf: ['S256'],
    why: 'MCP clients must refuse a server without PKCE',
  },
  {
    name: 'token_endpoint_auth_methods_supported',
    // A shared secret has a finding of its own.
    anyOf: ['none', 'client_secret_post'],
    why: 'clients hold no secret',
  },
  {
    name: 'response_types_supported',
    anyOf: ['code'],
    why: 'clients use the authorization code alone',
  },
] as const

function checkServer({ origin }: Deployment, asked: Asked): Finding[] {
  const where = `GET ${origin}${PATHS.authorizationServerMetadata}`
  const document = readJson(asked)
  const finding = (code: string, message: string, fix: string, source: string): Finding => ({
    code,
    level: 'error',
    where,
    message,
    fix,
    source,
  })
  if (typeof document === 'string')
    return [
      finding(
        'SERVER_METADATA_MISSING',
        `Clients find no authorization server metadata: ${document}`,
        REDEPLOY,
        'RFC 8414 §3',
      ),
    ]
  const findings: Finding[] = []
  if (document['issuer'] !== origin)
    findings.push(
      finding(
        'ISSUER_MISMATCH',
        `\`issuer\` is ${show(document['issuer'])}, not ${origin}: clients stop here`,
        'The issuer is the own origin without a trailing slash.',
        'RFC 8414 §3.3',
      ),
    )
  for (const [name, path] of Object.entries(ENDPOINTS))
    if (document[name] !== origin + path)
      findings.push(
        finding(
          'ENDPOINT_FOREIGN',
          `\`${name}\` is ${show(document[name])}, not ${origin}${path}`,
          'Every endpoint stands on the own origin; Claude Desktop insisted on it.',
          'RFC 8414 §2',
        ),
      )
  for (const { name, anyOf, why } of LISTS) {
    const list: unknown = document[name]
    if (!Array.isArray(list) || !anyOf.some((value) => list.includes(value)))
      findings.push(
        finding(
          'METADATA_LACKS',
          `\`${name}\` lacks "${anyOf[0]}": ${why}`,
          REDEPLOY,
          'RFC 8414 §2',
        ),
      )
  }
  return findings
}

/** The document, or in one line why there is none. */
function readJson(asked: Asked): Record<string, unknown> | string {
  if (!asked.ok) return asked.failure
  const { status, headers, json, text } = asked.value
  const parsed = v.safeParse(v.record(v.string(), v.unknown()), json)
  if (status === 200 && parsed.success) return parsed.output
  const type = headers.get('content-type') ?? 'without a content type'
  return `${status}, ${shown(type)}: ${shown(text)}`
}

function show(value: unknown): string {
  return value === undefined ? 'absent' : shown(JSON.stringify(value))
}
