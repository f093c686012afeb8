import { type Kind, ofKind, type Resource, type Topology } from '../../../../src/aws/topology.ts'

/** Other values of a setting, from what it is and where it stands. */
type Alternatives = (value: unknown, topology: Topology, owner: Resource) => readonly unknown[]

const oneOf =
  (...values: readonly unknown[]): Alternatives =>
  () =>
    values

const namesOf =
  (kind: Kind): Alternatives =>
  (_value, topology) =>
    ofKind(topology, kind).map(({ name }) => name)

const noneOr =
  (others: Alternatives): Alternatives =>
  (...given) => [null, ...others(...given)]

const broken: Alternatives = (value) => [`${String(value)}-broken`]

/** By the end of the path: settings whose values AWS or the template lists. */
const LISTED: Readonly<Record<string, Alternatives>> = {
  'behaviors.origin': (value, _topology, owner) => {
    const ids = owner.kind === 'distribution' ? owner.origins.map(({ id }) => id) : []
    return ids.length > 1 ? ids : [`${String(value)}-broken`]
  },
  // CloudFront takes no other sets than these (API reference, AllowedMethods).
  'behaviors.methods': oneOf(['GET', 'HEAD'], ['GET', 'HEAD', 'OPTIONS']),
  'behaviors.viewerProtocol': oneOf('https-only', 'redirect-to-https', 'allow-all'),
  'behaviors.cachePolicy': oneOf(
    null,
    'CachingOptimized',
    'UseOriginCacheControlHeaders-QueryStrings',
  ),
  'behaviors.originRequestPolicy': oneOf(null, 'AllViewer', 'AllViewerExceptHostHeader'),
  'behaviors.responseHeadersPolicy': noneOr(namesOf('responseHeadersPolicy')),
  'behaviors.viewerRequest': noneOr(namesOf('edgeFunction')),
  'behaviors.viewerResponse': noneOr(namesOf('edgeFunction')),
  'origins.protocol': oneOf('https-only', 'http-only', 'match-viewer'),
  'origins.tlsVersions': oneOf(['TLSv1.1'], ['TLSv1.1', 'TLSv1.2']),
  'origins.path': (value) => (value === '' ? ['/stage'] : ['', '/stage']),
  'errorResponses.responsePagePath': oneOf('/'),
  'route.key': (value) => (value === '$default' ? ['ANY /elsewhere'] : [`${String(value)}-broken`]),
  'route.authorizer': noneOr(namesOf('authorizer')),
  'route.integration': (value, topology) => {
    const names = ofKind(topology, 'integration').map(({ name }) => name)
    return names.length > 1 ? names : [`${String(value)}-broken`]
  },
  'authorizer.type': oneOf('JWT', 'REQUEST'),
  // Authorizers of type JWT have no response that could be simple.
  'authorizer.simpleResponses': (value, _topology, owner) =>
    owner.kind === 'authorizer' && owner.type === 'REQUEST' ? [value !== true] : [],
  'permission.action': oneOf('lambda:*', 'lambda:GetFunction'),
  'permission.principal': oneOf('*', 's3.amazonaws.com'),
  'permission.sourceArn': (...given) => [null, ...broken(...given)],
  'userPoolClient.refreshTokenRotation': oneOf(null),
}

/** What a setting is set to, one after the other; nothing for an absent one that nothing can be. */
export function alternativesOf(
  path: string,
  value: unknown,
  topology: Topology,
  owner: Resource,
): readonly unknown[] {
  // `distribution.edge.behaviors[/token].origin`: without names, and the last two words of it.
  const words = path.replaceAll(/\[[^\]]*\]/g, '').split('.')
  const [first = ''] = words
  const last = words.at(-1) ?? ''
  const place = first === 'distribution' ? words.slice(-2).join('.') : `${first}.${last}`
  const listed = LISTED[place]
  const values = listed === undefined ? flip(value) : listed(value, topology, owner)
  return values.filter((each) => JSON.stringify(each) !== JSON.stringify(value))
}

function flip(value: unknown): readonly unknown[] {
  if (typeof value === 'boolean') return [!value]
  if (typeof value === 'number') return value === 0 ? [10] : [value / 10, value * 10]
  return typeof value === 'string' ? [`${value}-broken`] : []
}
