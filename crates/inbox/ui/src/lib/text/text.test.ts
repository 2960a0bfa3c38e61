import { describe, expect, test } from 'vitest'
import type { Reason } from '../api/types'
import { findControls, visible } from './controls'
import { findLinks, safeAddress } from './links'
import { segments } from './segments'
import { toUnits } from './spans'

describe('links', () => {
  test.each([
    ['see https://example.com/a.', ['https://example.com/a']],
    ['(https://example.com/a_(b))', ['https://example.com/a_(b)']],
    ['[https://example.com/x]', ['https://example.com/x']],
    ['HTTPS://EXAMPLE.COM/A', ['https://example.com/A']],
    ['http://a.example http://b.example', ['http://a.example/', 'http://b.example/']],
    ['javascript:alert(1)', []],
    ['data:text/html,<script>', []],
    ['https://', []],
    ['https://<script>', []],
    ['https://example.com/"onmouseover="x', ['https://example.com/']],
    ['https://example.com\u202e/moc', ['https://example.com/']],
    ['example.com', []],
  ])('%s', (text, want) => {
    expect(findLinks(text).map(({ href }) => href)).toEqual(want)
  })

  test.each([
    ['javascript:alert(1)', undefined],
    [' java\nscript:alert(1)', undefined],
    ['vbscript:x', undefined],
    ['javascript://example.com/%0aalert(1)', undefined],
    ['ftp://example.com/x', undefined],
    ['data:text/html,x', undefined],
    ['file:///etc/passwd', undefined],
    ['//example.com', undefined],
    ['', undefined],
    [undefined, undefined],
    ['https://example.com/ok', 'https://example.com/ok'],
  ])('%s as an address', (address, want) => {
    expect(safeAddress(address)).toBe(want)
  })
})

describe('invisible characters', () => {
  test.each([
    ['turned around', 'pay \u202eruof\u202c now', ['RLO', 'PDF']],
    ['hidden joints', 'air\u200bline', ['ZWSP']],
    ['a family is one emoji', '👩‍👩‍👧 hello', []],
    ['joined Hindi', 'क्‍ष', []],
    ['a joiner between Latin letters', 'a\u200db', ['ZWJ']],
    ['a flag of Scotland', '🏴󠁧󠁢󠁳󠁣󠁴󠁿', []],
    ['text in tag characters', 'a\u{e0061}', ['U+E0061']],
    ['a bell', 'a\u0007', ['U+0007']],
    ['line breaks and tabs are honest', 'a\n\tb', []],
    ['Arabic as it is', 'مرحبا', []],
  ])('%s', (_, text, want) => {
    expect(findControls(text).map(({ name }) => name)).toEqual(want)
  })

  test('are named where there is only one line', () => {
    expect(visible('a\u202eb')).toBe('a⟨RLO⟩b')
  })
})

describe('spans count bytes', () => {
  test.each([
    ['plain', 'hello world', [6, 11], 'world'],
    ['after an umlaut', 'für alle', [5, 9], 'alle'],
    ['after an emoji', '😀 kaputt', [5, 11], 'kaputt'],
    ['the emoji itself', 'a😀b', [1, 5], '😀'],
  ] as const)('%s', (_, text, span, want) => {
    const units = toUnits(text, [...span])
    expect(units && text.slice(units.start, units.end)).toBe(want)
  })

  test.each([
    ['beyond the text', 'abc', [1, 9]],
    ['through a character', 'a😀b', [1, 3]],
    ['from inside a character', 'a😀b', [2, 5]],
    ['empty', 'abc', [1, 1]],
  ] as const)('%s is none', (_, text, span) => {
    expect(toUnits(text, [...span])).toBeUndefined()
  })
})

describe('segments', () => {
  const reason = (name: string, from: number, to: number): Reason => ({
    by: 'rule',
    name,
    span: [from, to],
    weight: 1,
  })

  test('whatever is marked, the text stays the same', () => {
    const text = 'see https://example.com/lost\u200b and the bag 😀 is gone'
    const pieces = segments(text, [reason('a', 4, 12), reason('b', 8, 40)])
    expect(pieces.map((piece) => piece.text).join('')).toBe(text)
  })

  test.each<[string, Reason['by'], string, number, boolean]>([
    ['a rule, however short', 'rule', '10', 0.1, true],
    ['a model, heavy enough', 'model', 'refund', 0.5, true],
    ['a model, too light', 'model', 'refund', 0.49, false],
    ['a model, against the label', 'ngram', 'refund', -2, false],
    ['a model, two letters', 'ngram', 'my', 3, false],
    ['a model, no letter', 'ngram', '6:10', 3, false],
    ['a model, another script', 'ngram', 'भुगतान', 1, true],
  ])('a mark by %s', (_, by, text, weight, want) => {
    const span: [number, number] = [0, new TextEncoder().encode(text).length]
    expect(segments(text, [{ by, name: 'a', span, weight }])[0]?.marks).toEqual(want ? ['a'] : [])
  })

  test('overlapping reasons are both named', () => {
    const marked = segments('abcdef', [reason('x', 0, 4), reason('y', 2, 6)])
    expect(marked.map(({ text, marks }) => [text, marks.join()])).toEqual([
      ['ab', 'x'],
      ['cd', 'x,y'],
      ['ef', 'y'],
    ])
  })

  test('markup is text', () => {
    expect(segments('<img src=x onerror=alert(1)>')).toEqual([
      { text: '<img src=x onerror=alert(1)>', href: undefined, control: undefined, marks: [] },
    ])
  })

  test('nothing of an empty post', () => {
    expect(segments('')).toEqual([])
  })
})
