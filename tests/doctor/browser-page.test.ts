import { describe, expect, test } from 'vitest'
import { findConsentForm, findRefresh } from '../../src/doctor/browser-page.ts'

const PAGE = new URL('https://mcp.example.com/authorize')

function formOf(text: string): { action: string; fields: string } | undefined {
  const form = findConsentForm(
    {
      where: 'GET https://mcp.example.com/authorize',
      url: PAGE.href,
      status: 200,
      headers: new Headers(),
      contentType: 'text/html',
      text,
      json: undefined,
      end: 'whole',
      milliseconds: 1,
    },
    PAGE,
  )
  return form && { action: form.action.href, fields: form.fields.toString() }
}

const CONSENT = 'https://mcp.example.com/consent'

describe('a form that only asks whether to go on is found as a browser finds it', () => {
  test.each([
    [
      'hidden fields and the button that allows',
      '<form method="post" action="/consent"><input type="hidden" name="request" value="1"><button name="answer" value="no">Cancel</button><button name="answer" value="yes">Allow</button></form>',
      'request=1&answer=yes',
    ],
    [
      'a button that is an input',
      '<form method=POST action=/consent><input type=submit name=answer value=Deny><input type=submit name=answer value=Approve></form>',
      'answer=Approve',
    ],
    [
      'a button whose label alone says it',
      '<form method="post" action="/consent"><button name="answer" value="1"><b>Con</b>tinue</button></form>',
      'answer=1',
    ],
    [
      'only the boxes that are checked',
      '<form method="post" action="/consent"><input type="checkbox" name="scope" value="a" checked><input type="checkbox" name="scope" value="b"></form>',
      'scope=a',
    ],
    [
      'a value with references to characters of every kind',
      '<form method="post" action="/consent"><input type="hidden" name="state" value="a&amp;b&#x3D;&#61;&quot;&#x27;&#x2F;&#43;"></form>',
      'state=a%26b%3D%3D%22%27%2F%2B',
    ],
    [
      'a value that has what ends a tag',
      '<form method="post" action="/consent"><input value="a>b" name="state" type="hidden"></form>',
      'state=a%3Eb',
    ],
    [
      'not what a comment or a script writes',
      '<!-- <form method="post" action="/old"></form> --><script>"<form method=post action=/js>"</script><form method="post" action="/consent"><input type="hidden" name="a" value="1"></form>',
      'a=1',
    ],
    [
      'not what stands after it',
      '<form method="post" action="/consent"><input type="hidden" name="a" value="1"></form><input type="password" name="b">',
      'a=1',
    ],
  ])('%s', (_what, text, fields) => {
    expect(formOf(text)).toEqual({ action: CONSENT, fields })
  })

  test.each([
    ['a password', '<form method="post" action="/consent"><input type="password" name="p"></form>'],
    ['a name', '<form method="post" action="/consent"><input name="user"></form>'],
    ['a question by GET', '<form action="/search"><input type="hidden" name="q"></form>'],
    ['another origin', '<form method="post" action="https://idp.example.com/"></form>'],
    ['no form', '<p>Hello</p>'],
  ])('never with %s', (_what, text) => {
    expect(formOf(text)).toBeUndefined()
  })
})

test.each([
  [
    '<meta http-equiv="refresh" content="0; url=https://a.example/?a=1&amp;b=2">',
    'https://a.example/?a=1&b=2',
  ],
  ['<META content="1;URL=\'/next\'" HTTP-EQUIV=Refresh>', '/next'],
  ['<!-- <meta http-equiv="refresh" content="0;url=/next"> -->', null],
  ['<meta name="refresh" content="0;url=/next">', null],
])('the page %s goes on to %s', (text, target) => {
  expect(findRefresh(text)).toBe(target)
})
