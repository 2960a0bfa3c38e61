import { describe, expect, test } from 'vitest'
import type { Profile } from '../api/types'
import { ticket } from '../list/ticket.fixture'
import { accountName, counted, extended, history, linked, linkedBy, patched, standingOf } from './history'

const ann = { key: 'k1', platform: 'mastodon', id_scope: 'social.example', id: '7', handle: 'ann' }
const annOnX = { key: 'k2', platform: 'x', id: '99', name: 'Ann' }
const link = { id: '1', accounts: ['k1', 'k2'], reason: 'same order', by: 'person:bo', at: '2026-03-01T12:00:00Z' }
const theirs = (id: string, members = {}) => ticket(id, { author: 'k1', ...members })
const profile = (members: Partial<Profile> = {}): Profile => ({
  accounts: [ann, annOnX],
  links: [link],
  tickets: [theirs('9'), theirs('5', { status: 'resolved' })],
  ...members,
})
const ids = ({ tickets }: Profile) => tickets.map(({ id }) => id)

test.each([
  [[theirs('3'), theirs('2', { status: 'closed', merged_into: '3' })], false, '1 open, 1 earlier'],
  [[theirs('3')], false, '1 open'],
  [[theirs('3')], true, '1 open, 0+ earlier'],
  [[theirs('2', { status: 'resolved' })], true, '1+ earlier'],
  [[], false, ''],
])('what is counted of %o', (tickets, more, want) => {
  expect(counted(history(tickets), more)).toBe(want)
})

describe('tickets that come live', () => {
  test.each([
    ['a newer version stands in place of the older', theirs('9', { version: 2 }), ['9', '5'], true],
    ['an older version changes nothing', theirs('9', { version: 0 }), ['9', '5'], false],
    ['a new one stands first', theirs('12'), ['12', '9', '5'], true],
    ['one of the linked account counts too', ticket('12', { author: 'k2' }), ['12', '9', '5'], true],
    ['somebody else’s does not', ticket('12', { author: 'k3' }), ['9', '5'], false],
    ['nor does one without an author', ticket('12'), ['9', '5'], false],
  ])('%s', (_, came, want, isNew) => {
    const before = profile()
    const after = patched(before, [came])
    expect(ids(after)).toEqual(want)
    expect(after !== before).toBe(isNew)
  })

  test('one older than what is loaded waits for its page', () => {
    expect(ids(patched(profile({ next: '5' }), [theirs('2')]))).toEqual(['9', '5'])
  })
})

test('a page of history stands behind the one before, nothing twice', () => {
  const whole = extended(profile({ next: '5' }), profile({ tickets: [theirs('5'), theirs('2')] }))
  expect([ids(whole), whole.next]).toEqual([['9', '5', '2'], undefined])
})

test.each([
  [ann, 'Mastodon · @ann (social.example)'],
  [{ ...ann, handle: 'ann@social.example' }, 'Mastodon · @ann@social.example'],
  [annOnX, 'X · Ann'],
  [{ key: 'k', platform: 'x', id: '99' }, 'X · 99'],
])('an account by what is known of it: %o', (account, want) => {
  expect(accountName(account)).toBe(want)
})

test('a link says whom it holds together, and who says so', () => {
  expect(linked(profile(), link)).toBe('Mastodon · @ann (social.example) and X · Ann')
  expect(linked(profile({ accounts: [ann] }), link)).toContain('and an account')
  expect([linkedBy(link), linkedBy({ ...link, by: 'system:route' })]).toEqual(['bo', 'system:route'])
})

test.each([
  [{ author_tier: 'vip', looked_up: { customer: 'C-17', at: '2026-03-01T12:00:00Z' } }, 'VIP', 'C-17'],
  [{ author_tier: 'influencer' }, 'Wide reach', ''],
  [{ author_tier: 'standard' }, '', ''],
  [{}, '', ''],
])('what the opening says of the author: %o', (members, tier, customer) => {
  expect(standingOf([{ fact: 'clock_started' }, { fact: 'opened', ...members }])).toMatchObject({ tier, customer })
})

test('a ticket that is not read yet says nothing of its author', () => {
  expect(standingOf([])).toEqual({ tier: '', customer: '', at: undefined })
})
