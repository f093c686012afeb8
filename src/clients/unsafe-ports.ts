/** Ports in mcp-remote's range that Chromium refuses to open (ERR_UNSAFE_PORT; Fetch, "bad port"). */
export const UNSAFE_PORTS: ReadonlySet<number> = new Set([
  3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
])
