/**
 * Lets real `terraform` evaluate the module for every variant and writes what it shows to
 * tests/aws/terraform/states/. Needs terraform on PATH; no registry and no account.
 */
import {
  checkFormat,
  evaluate,
  EXAMPLE,
  findTerraform,
  MODULE,
} from '../tests/aws/terraform/evaluate.ts'
import { writeState } from '../tests/aws/terraform/states.ts'
import { variablesOf } from '../tests/aws/terraform/variants.ts'
import { VARIANTS } from '../tests/aws/variants.ts'

const version = findTerraform()
if (version === undefined) {
  console.error('terraform is not on PATH')
  process.exit(2)
}
const badlyFormatted = ([MODULE, EXAMPLE] as const).flatMap((root) => checkFormat(root))
for (const file of badlyFormatted) console.error(`${file}: not as terraform fmt writes it`)
if (badlyFormatted.length > 0) process.exit(1)
for (const variant of VARIANTS) {
  const start = performance.now()
  const { state } = await evaluate(variablesOf(variant))
  writeState(variant, state)
  console.log(`${variant}: evaluated in ${Math.round(performance.now() - start)} ms`)
}
await evaluate({}, EXAMPLE)
console.log(
  `${version}: ${EXAMPLE} and ${VARIANTS.length} variants, validated, applied to the stub and written`,
)
