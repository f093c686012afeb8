import { type HttpResponse, respond } from '../http.ts'

/** How an HTTP API words its own answers (API Gateway guide, Troubleshooting HTTP APIs). */
const MESSAGES = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  413: 'Request Entity Too Large',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const

export type OwnStatus = keyof typeof MESSAGES

/** Captures in the guide show these without a content type. */
export function refuse(status: OwnStatus, headers: [string, string][] = []): HttpResponse {
  return respond(status, headers, JSON.stringify({ message: MESSAGES[status] }))
}
