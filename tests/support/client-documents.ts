import { fail, ok } from '../../src/protocol/result.ts'
import type { FetchDocument, FetchDocumentFailure } from '../../src/runtime.ts'

export const APP_URL = 'https://app.example/oauth/client.json'

type Served = object | { status: number } | FetchDocumentFailure['reason'] | undefined

/** Documents of clients, as a platform would fetch them. */
export interface PublishedDocuments {
  fetchDocument: FetchDocument
  /** URLs in the order in which they were asked for. */
  asked: string[]
  /** A document, the status of an error, or why there is no answer. */
  publish: (url: string, served: Served) => void
}

/** The document of a client whose URL is `url`. */
export function documentOf(url: string, changes: Record<string, unknown> = {}): object {
  return {
    client_id: url,
    client_name: 'Test app',
    redirect_uris: ['http://localhost/oauth/callback', 'http://127.0.0.1/oauth/callback'],
    token_endpoint_auth_method: 'none',
    ...changes,
  }
}

export function publishDocuments(): PublishedDocuments {
  const documents = new Map<string, Served>([[APP_URL, documentOf(APP_URL)]])
  const asked: string[] = []
  return {
    asked,
    publish: (url, served) => void documents.set(url, served),
    fetchDocument: (url) => {
      asked.push(url)
      const served = documents.get(url)
      if (served === undefined) return Promise.resolve(fail({ reason: 'no_connection' }))
      if (typeof served === 'string') return Promise.resolve(fail({ reason: served }))
      if ('status' in served && typeof served.status === 'number')
        return Promise.resolve(ok(new Response(null, { status: served.status })))
      return Promise.resolve(ok(Response.json(served)))
    },
  }
}
