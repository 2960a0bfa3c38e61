import { describe, expect, test } from 'vitest'
import type { Change } from '../api/calls'
import type { Fact, TicketEvent } from '../api/types'
import { ticket } from '../list/ticket.fixture'
import { expected, inverse, isIdle, otherHolder, said } from './optimistic'
import { rowLine } from './routing'
import { lastChange, story } from './story'

describe('a change and what takes it back', () => {
  const before = ticket('1', { assignee: 'bob' })
  test.each<[string, Change, Change | undefined]>([
    ['claim', { kind: 'claim' }, { kind: 'assign', to: 'bob' }],
    ['assign', { kind: 'assign', to: 'ann' }, { kind: 'assign', to: 'bob' }],
    ['resolve', { kind: 'resolve' }, { kind: 'reopen' }],
    ['relabel', { kind: 'relabel', label: 'lead' }, { kind: 'relabel', label: 'complaint' }],
    ['move', { kind: 'move', department: 'sales' }, { kind: 'move', department: 'support' }],
    ['priority', { kind: 'priority', priority: 'high' }, { kind: 'priority', priority: 'normal' }],
    ['hold', { kind: 'hold', hold: 'waiting_customer' }, { kind: 'release' }],
    ['note', { kind: 'note', text: 'x' }, undefined],
    ['reply', { kind: 'reply', text: 'x' }, undefined],
  ])('%s', (_, change, want) => {
    expect(inverse(before, change)).toEqual(want)
    if (!want) return
    const after = expected(before, change, 'me')
    expect(after).not.toEqual(before)
    expect(expected(after, want, 'me')).toEqual(before)
  })

  const put = { state: 'snoozed', kind: 'snoozed', since: '2026-03-01T12:00:00Z' } as const
  test.each([
    ['until a time to come', '2999-01-01T00:00:00Z', { kind: 'hold', hold: 'snoozed', until: '2999-01-01T00:00:00Z' }],
    ['until a time gone by', '2020-01-01T00:00:00Z', undefined],
  ])('what was put off %s and taken up again', (_, until, want) => {
    const held = ticket('1', { hold: { ...put, until } })
    expect(inverse(held, { kind: 'release' })).toEqual(want)
    expect(expected(held, { kind: 'release' }, 'me').hold).toBeUndefined()
    expect(isIdle(ticket('1'), { kind: 'release' }, 'me')).toBe(true)
  })

  test('what the system closed cannot be closed again by hand', () => {
    expect(inverse(ticket('1', { status: 'closed' }), { kind: 'reopen' })).toBeUndefined()
  })

  test.each([
    ['bob', 'ann', 'bob'],
    ['ann', 'ann', undefined],
    [null, 'ann', undefined],
  ])('what %s has, seen by %s', (assignee, me, want) => {
    expect(otherHolder(ticket('1', { assignee }), me)).toBe(want)
  })

  test('nobody is told that a reply was sent', () => {
    expect(said(before, { kind: 'reply', text: 'x' })).toBe('Recorded, not sent: the reply to #1')
  })

  test('what is so already is not sent', () => {
    expect(isIdle(before, { kind: 'assign', to: 'bob' }, 'bob')).toBe(true)
    expect(isIdle(before, { kind: 'claim' }, 'ann')).toBe(false)
    expect(isIdle(before, { kind: 'note', text: 'again' }, 'ann')).toBe(false)
  })
})

const event = (minute: number, name: string, ...facts: Fact[]): TicketEvent => ({
  version: minute,
  at: `2026-03-01T12:${String(minute).padStart(2, '0')}:00Z`,
  actor: { type: name === 'route' ? 'system' : 'person', name },
  summary: '',
  facts,
})

describe('the story of a ticket', () => {
  const detail = {
    mentions: [
      { platform: 'x', id: '1', text: 'first', received_at: '2026-03-01T12:01:00Z' },
      { platform: 'x', id: '2', text: 'second', received_at: '2026-03-01T12:05:00Z' },
    ],
    timeline: [
      event(
        1,
        'route',
        { fact: 'opened', department: 'pr', label: 'pr_risk' },
        { fact: 'clock_started' },
      ),
      event(2, 'ann', { fact: 'assigned', from: null, to: 'ann' }),
      event(3, 'ann', { fact: 'noted', text: 'call them' }),
      event(
        4,
        'ann',
        { fact: 'reply_requested', reply: 1, text: 'we look' },
        { fact: 'clock_stopped', clock: 'first_response', stop: { cause: 'replied' } },
      ),
      event(6, 'route', {
        fact: 'clock_fired',
        clock: 'first_response',
        milestone: { warning: 75 },
      }),
    ],
  }

  test('stands in the order in which it happened', () => {
    const told = story(detail).map((entry) => {
      if (entry.kind === 'post') return `post ${entry.mention.text}`
      return entry.kind === 'change' ? entry.lines.join('; ') : `${entry.kind} ${entry.text}`
    })
    expect(told).toEqual([
      'post first',
      'Opened for PR as PR risk',
      'Assigned to ann',
      'note call them',
      'reply we look',
      'First response stopped: answered',
      'post second',
      'First response: 75 % of the time is used',
    ])
  })

  test('says who was faster', () => {
    const faster = { ...detail, timeline: detail.timeline.slice(0, 4) }
    expect(lastChange(faster)).toEqual({
      who: 'ann',
      what: 'Recorded a reply; First response stopped: answered',
      at: '2026-03-01T12:04:00Z',
    })
  })

  test('says what it waited for, and which clocks stood still', () => {
    const told = story({
      mentions: [],
      timeline: [
        event(
          1,
          'ann',
          { fact: 'held', state: 'waiting-customer', kind: 'waiting_customer' },
          { fact: 'clock_held', clock: 'resolution', hold: 'waiting_customer', runs: false },
        ),
        event(2, 'ann', { fact: 'released', kind: 'waiting_customer' }, { fact: 'clock_resumed', clock: 'resolution' }),
        event(3, 'route', { fact: 'escalated', clock: 'resolution', step: 1, notify: ['lead'], on_call: 'zoe' }),
      ],
    })
    expect(told.map((entry) => entry.kind === 'change' && entry.lines.join('; '))).toEqual([
      'Waiting for the author; Resolution pauses',
      'Our turn again; Resolution goes on',
      'Resolution: lead called; zoe is on call',
    ])
  })

  test.each([
    [{ fact: 'merged_into', ticket: '7' }, 'Merged into #7'],
    [{ fact: 'absorbed', ticket: '7' }, '#7 was merged into this ticket'],
    [{ fact: 'split_off', ticket: '7' }, 'A post became #7'],
  ])('names the other ticket: %o', (fact, line) => {
    const told = story({ mentions: [], timeline: [event(1, 'ann', fact)] })
    expect(told[0]).toMatchObject({ lines: [line] })
  })

  test('a fact of a newer server is named, not lost', () => {
    const told = story({ mentions: [], timeline: [event(1, 'ann', { fact: 'put_to_sleep' })] })
    expect(told[0]).toMatchObject({ lines: ['Put to sleep'] })
  })
})

test.each([
  [{ row: 'a', is: 'matched' as const }, 'matched', 'matched'],
  [{ row: 'a' }, 'untried', 'not tried, an earlier row matched'],
  [{ row: 'a', is: { not: { col: 'label', want: 'pr_risk' } } }, 'rejected', 'wants label PR risk'],
  [
    { row: 'a', is: { not: { col: 'author_tier', want: 'vip' } } },
    'rejected',
    'wants author tier vip',
  ],
  [
    { row: 'a', is: { when_false: { when: 'severity > 7' } } },
    'rejected',
    'severity > 7 does not hold',
  ],
  [{ row: 'a', is: { when_failed: { when: 'x', error: 'no x' } } }, 'failed', 'x: no x'],
])('a row of the routing table: %o', (verdict, outcome, why) => {
  expect(rowLine(verdict)).toEqual({ row: 'a', outcome, why })
})
