/** Sets an entry, as the newest. Where that makes too many, the one set first goes. */
export function setBounded<T>(map: Map<string, T>, key: string, value: T, max: number): void {
  map.delete(key)
  const [oldest] = map.size < max ? [] : map.keys()
  if (oldest !== undefined) map.delete(oldest)
  map.set(key, value)
}

/** What is remembered for a while: expired entries are as good as gone, and room is limited. */
export interface ExpiringMap<T> {
  get: (key: string) => T | undefined
  set: (key: string, value: T, lifetimeMs?: number) => void
  delete: (key: string) => void
}

export function createExpiringMap<T>(options: {
  max: number
  lifetimeMs: number
  now: () => number
}): ExpiringMap<T> {
  const { max, now } = options
  const entries = new Map<string, { value: T; expiresAt: number }>()
  return {
    get: (key) => {
      const entry = entries.get(key)
      return entry === undefined || now() >= entry.expiresAt ? undefined : entry.value
    },
    set: (key, value, lifetimeMs = options.lifetimeMs) => {
      setBounded(entries, key, { value, expiresAt: now() + lifetimeMs }, max)
    },
    delete: (key) => {
      entries.delete(key)
    },
  }
}
