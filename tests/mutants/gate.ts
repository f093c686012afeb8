import type { Mutant } from './mutant.ts'

export const gateMutants: Mutant[] = []
