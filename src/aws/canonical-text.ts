import type { Text } from './topology.ts'

const REGION = String.raw`(?:\$\{region\}|[a-z]{2}(?:-[a-z]+)+-\d)`
const SUFFIX = String.raw`(?:\$\{urlSuffix\}|amazonaws\.com(?:\.cn)?)`
const PARTITION = String.raw`(?:\$\{partition\}|aws(?:-[a-z]+)*)`
const ACCOUNT = String.raw`(?:\$\{account\}|\d{12})`
const NAME = String.raw`([^.}]+)`

/** What AWS names have more than one spelling for, and the one placeholder that stands for it. */
const FORMS: readonly [RegExp, string][] = [
  [
    new RegExp(
      String.raw`https://cognito-idp\.${REGION}\.${SUFFIX}/\$\{userPool\.${NAME}\.id\}`,
      'g',
    ),
    '${userPool.$1.issuer}',
  ],
  [
    new RegExp(
      String.raw`https://\$\{userPoolDomain\.${NAME}\.domain\}\.auth\.${REGION}\.amazoncognito\.com`,
      'g',
    ),
    '${userPoolDomain.$1.url}',
  ],
  [
    new RegExp(
      String.raw`\$\{userPoolDomain\.${NAME}\.domain\}\.auth\.${REGION}\.amazoncognito\.com`,
      'g',
    ),
    '${userPoolDomain.$1.host}',
  ],
  [
    new RegExp(
      String.raw`arn:${PARTITION}:execute-api:${REGION}:${ACCOUNT}:\$\{api\.${NAME}\.id\}`,
      'g',
    ),
    '${api.$1.arn}',
  ],
  [
    new RegExp(String.raw`\$\{api\.${NAME}\.id\}\.execute-api\.${REGION}\.${SUFFIX}`, 'g'),
    '${api.$1.domain}',
  ],
]

/** One spelling for whatever can be referenced as a whole. */
export function canonicalText(text: Text): Text {
  return FORMS.reduce((rest, [form, placeholder]) => rest.replaceAll(form, placeholder), text)
}
