function handler(event) {
  const method = event.request.method
  if (method === 'POST' || method === 'OPTIONS') return event.request
  return {
    statusCode: 405,
    statusDescription: 'Method Not Allowed',
    headers: { allow: { value: 'POST, OPTIONS' } },
  }
}
