/** Plain http to anywhere but this machine: clients send no code and no token there. */
export function isInsecure(url: URL): boolean {
  return (
    url.protocol === 'http:' && !/^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname)
  )
}
