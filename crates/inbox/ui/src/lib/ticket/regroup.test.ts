import { expect, test } from 'vitest'
import { ticket } from '../list/ticket.fixture'
import { excerpt, isSame, mergeChoices, saidBeforeMerge, splittable, typedTicket } from './regroup'

test('the author’s open tickets are offered first, none twice, not itself, none that is done', () => {
  const mine = ticket('1')
  const ofAuthor = [mine, ticket('4'), ticket('3', { status: 'resolved' })]
  const listed = [ticket('2'), ticket('4'), mine, ticket('5', { status: 'closed' })]
  expect(mergeChoices(mine, ofAuthor, listed).map(({ id }) => id)).toEqual(['4', '2'])
})

test('a long list is offered in part', () => {
  const listed = Array.from({ length: 500 }, (_, index) => ticket(String(index + 10)))
  expect(mergeChoices(ticket('1'), [], listed)).toHaveLength(100)
})

test.each([
  ['12', '12'], ['#12', '12'], [' #12 ', '12'], ['12a', undefined], ['', undefined], ['-1', undefined], ['1234567890123456', undefined],
])('the number in “%s”', (words, want) => {
  expect(typedTicket(words)).toBe(want)
})

test.each([
  [{ text: 'two\n  lines' }, 'two lines'],
  [{ text: 'x'.repeat(200) }, `${'x'.repeat(90)}…`],
  [{ text: '🧳'.repeat(90) }, '🧳'.repeat(90)],
  [{ text: 'a\u202eb' }, 'a⟨RLO⟩b'],
  [{ text: '' }, 'no words, only media'],
  [{ text: 'gone', deleted: true }, 'a deleted post'],
])('the words of a post in one line: %o', (members, want) => {
  expect(excerpt({ platform: 'x', id: '1', ...members })).toBe(want)
})

test('whoever merges is told when somebody else wrote the other ticket', () => {
  const [one, two] = [ticket('1', { mention_count: 2 }), ticket('2')]
  expect(saidBeforeMerge(one, two, true).join(' ')).toMatch(/#2 .*All 2 posts of #1 .* #1 is closed/)
  expect(saidBeforeMerge(one, two, true).join(' ')).not.toContain('somebody else')
  expect(saidBeforeMerge(one, two, false).join(' ')).toContain('somebody else')
})

test('every post can be split out but the first one and deleted ones', () => {
  const first = { platform: 'x', id: '1', text: 'first' }
  const second = { platform: 'x', id: '2', text: 'second' }
  const elsewhere = { platform: 'mastodon', id: '1', id_scope: 'social.example' }
  const gone = { platform: 'x', id: '3', deleted: true }
  expect(splittable(ticket('1', { mention: first }), [first, second, elsewhere, gone])).toEqual([second, elsewhere])
})

test('an empty scope and none are one', () => {
  expect(isSame({ platform: 'x', id: '1', id_scope: '' }, { platform: 'x', id: '1' })).toBe(true)
  expect(isSame({ platform: 'x', id: '1', id_scope: 'a' }, { platform: 'x', id: '1' })).toBe(false)
})
