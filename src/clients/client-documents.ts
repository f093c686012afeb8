import { createExpiringMap } from '../bounded-map.ts'
import type { ClientFailure } from '../protocol/failure.ts'
import { fail, ok, type Result } from '../protocol/result.ts'
import type { Runtime } from '../runtime.ts'
import { type Jwks, MAX_JWKS_BYTES, parseJwks } from './client-keys.ts'
import {
  MAX_DOCUMENT_BYTES,
  parseMetadataDocument,
  type MetadataDocument,
} from './metadata-document.ts'
import { findPinnedDocument } from './pinned-documents.ts'
import { createRemoteDocuments, type RemoteDocumentFailure } from './remote-documents.ts'

/** What clients publish about themselves. */
export interface ClientDocuments {
  metadata: (clientId: string) => Promise<Result<MetadataDocument, ClientFailure>>
  /** `newerThan`: keys that were fetched before that moment will not do. */
  keys: (jwksUri: string, newerThan?: number) => Promise<Result<Jwks, ClientFailure>>
}

const MAX_COPIES = 200
const COPY_MS = 5 * 60 * 1000

/** Undefined where no document can be fetched safely. */
export function createClientDocuments(runtime: Runtime): ClientDocuments | undefined {
  const { fetchDocument, emit } = runtime
  if (fetchDocument === undefined) return undefined
  const source = { now: runtime.now, fetchDocument }
  const documents = createRemoteDocuments(source, {
    maxBytes: MAX_DOCUMENT_BYTES,
    parse: parseMetadataDocument,
  })
  // No error is remembered, but what stands in for the document: else who is cut off from its host
  // would wait for the time limit at every request.
  const copies = createExpiringMap<MetadataDocument>({
    max: MAX_COPIES,
    lifetimeMs: COPY_MS,
    now: runtime.now,
  })
  const keySets = createRemoteDocuments(source, { maxBytes: MAX_JWKS_BYTES, parse: parseJwks })

  function report(url: string, failure: RemoteDocumentFailure, pinned: boolean): void {
    const { host } = new URL(url)
    const status = 'status' in failure ? { status: failure.status } : {}
    emit({ type: 'client-document.refused', host, reason: failure.detail, pinned, ...status })
  }

  return {
    metadata: async (clientId) => {
      const standIn = copies.get(clientId)
      if (standIn !== undefined) return ok(standIn)
      const document = await documents.get(clientId)
      if (document.ok) return document
      const { failure } = document
      const pinned = failure.reason === 'invalid' ? undefined : findPinnedDocument(clientId)
      report(clientId, failure, pinned !== undefined)
      if (pinned !== undefined) {
        const copy = parseMetadataDocument(pinned, clientId)
        if (copy.ok) {
          copies.set(clientId, copy.value)
          return copy
        }
      }
      return failure.reason === 'unavailable'
        ? fail({ reason: 'client_metadata_document_unavailable' })
        : fail({ reason: 'client_metadata_document_invalid', detail: failure.detail })
    },
    keys: async (jwksUri, newerThan) => {
      const keys = await keySets.get(jwksUri, newerThan)
      if (keys.ok) return keys
      report(jwksUri, keys.failure, false)
      return keys.failure.reason === 'unavailable'
        ? fail({ reason: 'client_keys_unavailable' })
        : fail({ reason: 'client_keys_invalid' })
    },
  }
}
