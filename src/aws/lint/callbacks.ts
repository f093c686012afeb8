import { callbackUrls, MAX_CALLBACK_URLS } from '../callback-urls.ts'
import type { Fault, Rule } from './rule.ts'
import { label, type View } from './view.ts'

export const callbackRules: readonly Rule[] = [
  {
    code: 'CALLBACK_DRIFT',
    level: 'warning',
    fix: 'Register what postern callback-urls prints; tell aws lint what people type after the URL.',
    source: 'Cognito compares callback URLs exactly; mcp-remote derives its port from the URL',
    *find(view) {
      if (view.mode !== 'relay' || view.mcpUrl === undefined || view.mcpUrl.includes('${')) return
      if (!URL.canParse(view.mcpUrl)) return
      const derived = callbackUrls({ url: view.mcpUrl, args: view.mcpRemoteArguments })
      yield* missingFrom(view, derived)
    },
  },
  {
    code: 'BROKER_CALLBACK_MISSING',
    level: 'error',
    fix: 'Register https://<your host>/idp/callback at the client.',
    source: 'RFC 6749 §3.1.2.3; in broker mode this is the only callback',
    *find(view) {
      if (view.mode !== 'broker' || view.mcpUrl === undefined) return
      const issuer = /^https?:\/\/[^/]+/.exec(view.mcpUrl)?.[0] ?? ''
      yield* missingFrom(view, [`${issuer}/idp/callback`])
    },
  },
  {
    code: 'REDIRECT_URIS_DIFFER',
    level: 'error',
    fix: 'Give the front door and the client the same list.',
    source: 'RFC 6749 §3.1.2.3: what one admits and the other does not ends on an error page',
    *find(view) {
      if (view.mode !== 'relay') return
      const admitted = view
        .all('function')
        .flatMap(({ environment }) => environment['POSTERN_REDIRECT_URIS']?.split(/\s+/) ?? [])
      if (admitted.length === 0) return
      for (const client of view.all('userPoolClient')) {
        const unknown = admitted.filter((uri) => !client.callbackUrls.includes(uri))
        if (unknown.length > 0)
          yield { where: label(client), message: `does not know ${enumerate(unknown)}` }
      }
    },
  },
  {
    code: 'CALLBACK_HTTP',
    level: 'error',
    fix: 'Use https, or http with localhost, 127.0.0.1 or [::1].',
    source: 'Cognito API Reference, CreateUserPoolClient, CallbackURLs',
    *find(view) {
      for (const client of view.all('userPoolClient')) {
        const plain = client.callbackUrls.filter(
          (url) =>
            /^http:/i.test(url) &&
            !/^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/]|$)/.test(url),
        )
        if (plain.length > 0)
          yield { where: label(client), message: `has callbacks by http: ${enumerate(plain)}` }
      }
    },
  },
  {
    code: 'CALLBACKS_TOO_MANY',
    level: 'error',
    fix: `Keep ${MAX_CALLBACK_URLS} callback URLs, or use broker mode, which needs one.`,
    source: 'Cognito Developer Guide, “Quotas in Amazon Cognito”: not adjustable',
    *find(view) {
      for (const client of view.all('userPoolClient'))
        if (client.callbackUrls.length > MAX_CALLBACK_URLS)
          yield { where: label(client), message: `has ${client.callbackUrls.length} callback URLs` }
    },
  },
]

function* missingFrom(view: View, wanted: readonly string[]): Iterable<Fault> {
  for (const client of view.all('userPoolClient')) {
    const missing = wanted.filter((url) => !client.callbackUrls.includes(url))
    if (missing.length > 0) yield { where: label(client), message: `lacks ${enumerate(missing)}` }
  }
}

function enumerate(urls: readonly string[]): string {
  const more = urls.length > 2 ? ` and ${urls.length - 2} more` : ''
  return `${urls.slice(0, 2).join(', ')}${more}`
}
