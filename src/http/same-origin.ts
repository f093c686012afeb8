/** CSRF (RFC 9700 §4.7): browsers say where a form was sent from, and pages cannot forge it. */
export function isSameOrigin(request: Request, issuer: string): boolean {
  const site = request.headers.get('sec-fetch-site')
  const origin = request.headers.get('origin')
  if (site !== null && site !== 'same-origin') return false
  if (origin !== null && origin !== issuer) return false
  return site !== null || origin !== null
}
