/** Resolves at SIGTERM or SIGINT. A second signal ends the process at once, as people expect. */
export function untilSignal(): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      process.once('SIGINT', () => process.exit(130))
      process.once('SIGTERM', () => process.exit(143))
      resolve()
    }
    process.once('SIGINT', end)
    process.once('SIGTERM', end)
  })
}
