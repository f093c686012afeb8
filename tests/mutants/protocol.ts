import type { Mutant } from './mutant.ts'

export const protocolMutants: Mutant[] = []
