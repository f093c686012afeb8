import {
  type Api,
  type Kind,
  type LambdaFunction,
  type Name,
  type Origin,
  placeholdersIn,
  type Resource,
  type ResourceOf,
  type Text,
  type Topology,
} from '../topology.ts'

/** A topology, indexed, and what several rules want to know of it. */
export interface View {
  topology: Topology
  all: <K extends Kind>(kind: K) => readonly ResourceOf<K>[]
  named: <K extends Kind>(kind: K, name: Name) => ResourceOf<K> | undefined
  /** Undefined where nothing of Postern is deployed. */
  mode: 'relay' | 'broker' | undefined
  /** The resource, as Postern's functions are told it. */
  mcpUrl: Text | undefined
  /** Path of the resource; `/mcp` where nobody says. */
  mcpPath: string
  publicHost: Text | undefined
  /** What people type after the URL: it decides the callback port. */
  mcpRemoteArguments: readonly string[]
}

export function viewOf(topology: Topology, mcpRemoteArguments: readonly string[]): View {
  const kinds = new Map<Kind, Resource[]>()
  for (const resource of topology.resources) {
    const others = kinds.get(resource.kind)
    if (others === undefined) kinds.set(resource.kind, [resource])
    else others.push(resource)
  }
  const all = <K extends Kind>(kind: K): ResourceOf<K>[] =>
    (kinds.get(kind) ?? []) as ResourceOf<K>[]
  // The first of a name counts, as everywhere.
  const names = new Map(topology.resources.toReversed().map((each) => [keyOf(each), each]))
  const named = <K extends Kind>(kind: K, name: Name): ResourceOf<K> | undefined =>
    names.get(`${kind}.${name}`) as ResourceOf<K> | undefined
  const told = (name: string): Text | undefined =>
    all('function').find(({ environment }) => name in environment)?.environment[name]
  const mode = told('POSTERN_MODE')
  const mcpUrl = told('POSTERN_MCP_URL')
  const [, host, path = ''] = /^https?:\/\/([^/?#]+)([^?#]*)/.exec(mcpUrl ?? '') ?? []
  return {
    topology,
    all,
    named,
    mode: mode === 'relay' || mode === 'broker' ? mode : undefined,
    mcpUrl,
    mcpPath: mcpUrl === undefined ? '/mcp' : path === '' ? '/' : path,
    publicHost: told('POSTERN_PUBLIC_HOST') ?? host,
    mcpRemoteArguments,
  }
}

/** As placeholders begin: `kind.name`. */
export function keyOf({ kind, name }: Resource): string {
  return `${kind}.${name}`
}

export function label({ kind, name }: Resource): string {
  return `${kind} ${name}`
}

/** The resource that a text refers to: by its name, or by a placeholder as its only content. */
export function referent<K extends Kind>(
  view: View,
  kind: K,
  text: Text,
): ResourceOf<K> | undefined {
  const [, placeholderKind, name] = /^\$\{(\w+)\.([^.}]+)\.\w+\}$/.exec(text) ?? []
  return placeholderKind === kind && name !== undefined
    ? view.named(kind, name)
    : view.named(kind, text)
}

/** Names of the resources of a kind whose attributes occur in a text. */
export function mentions(text: Text, kind: Kind): string[] {
  return placeholdersIn(text).flatMap((inner) => {
    const [placeholderKind, name = ''] = inner.split('.')
    return placeholderKind === kind ? [name] : []
  })
}

/** Postern's own functions, and those that run its handler. */
export function isPostern({ environment }: LambdaFunction): boolean {
  return Object.keys(environment).some((name) => name.startsWith('POSTERN_'))
}

/** Whether a function decides by itself who may pass. */
export function isGuard({ environment }: LambdaFunction): boolean {
  return 'POSTERN_MODE' in environment
}

export function apiBehind(view: View, { domain }: Origin): Api | undefined {
  return view.named('api', mentions(domain, 'api')[0] ?? '')
}

export function isApi({ domain }: Origin): boolean {
  return mentions(domain, 'api').length > 0 || /\.execute-api\./.test(domain)
}

export function isCognito({ domain }: Origin): boolean {
  return mentions(domain, 'userPoolDomain').length > 0 || /\.amazoncognito\./.test(domain)
}
