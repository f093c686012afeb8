import type { Mutant } from './mutant.ts'

export const authorizationServerMutants: Mutant[] = []
