import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { prefersHtml } from '../../src/protocol/negotiation.ts'

describe('RFC 9110 §12.5.1 who gets a page', () => {
  test.each([
    ['text/html'],
    ['TEXT/HTML'],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
    ['text/html;q=0.9, */*;q=0.1'],
    ['application/json;q=0.5, text/html'],
    ['application/json, text/html'],
    ['text/html;charset=utf-8;q=0.5'],
  ])('a browser that accepts %s', (accept) => {
    expect(prefersHtml(accept)).toBe(true)
  })

  test.each([
    [null],
    [undefined],
    [''],
    ['*/*'],
    ['text/*'],
    ['application/json'],
    ['application/json, text/event-stream'],
    ['application/json, text/html;q=0.9'],
    ['text/html, application/json, text/event-stream'],
    ['text/html;q=0.1, */*;q=0.9'],
    ['text/html;q=0.1, application/*'],
    ['text/html;q=0'],
    ['text/html;q=0.0'],
    ['text/html;q=x'],
    ['text/html;q=-1'],
    ['text/htmlx'],
    ['application/xhtml+xml'],
  ])('not a machine that accepts %s', (accept) => {
    expect(prefersHtml(accept)).toBe(false)
  })

  test('never throws', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (accept) => {
        prefersHtml(accept)
      }),
    )
  })
})
