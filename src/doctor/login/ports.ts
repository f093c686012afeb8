/** A person and their browser. */
export interface LoginPorts {
  /** Shows the address to open. */
  announce: (url: string) => void
  /** Undefined where the port is taken. */
  listen: (redirectUri: string) => Promise<CallbackListener | undefined>
  /** How long a person may take. */
  waitSeconds: number
}

export interface CallbackListener {
  /** The callback with this `state`; undefined where nobody came in time. */
  next: (
    state: string,
    waitSeconds: number,
  ) => Promise<{ query: URLSearchParams; end: () => void } | undefined>
  close: () => Promise<void>
}
