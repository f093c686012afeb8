import { EDGE_PROBES } from './probes/edge.ts'
import { GUARD_PROBES } from './probes/guards.ts'
import { LIFETIME_PROBES } from './probes/lifetimes.ts'
import type { Probe } from './probes/probe.ts'
import { SIGN_IN_PROBES } from './probes/sign-in.ts'

/** In this order, because later ones use what earlier ones were given, and move the clock. */
export const PROBES: readonly Probe[] = [
  ...SIGN_IN_PROBES,
  ...EDGE_PROBES,
  ...GUARD_PROBES,
  ...LIFETIME_PROBES,
]
