import { describe, expect, test } from 'vitest'
import * as frozen from './frozen'
import { byNumber, compare } from './order'
import { bars } from './rate'
import { matcher } from './search'
import { Source } from './source'
import { ticket } from './ticket.fixture'
import { fixedViews, isBreaching, queueView } from './view'

const due = (minute: number) => `2026-03-01T12:${String(minute).padStart(2, '0')}:00Z`
const all = () => true

describe('order', () => {
  test('by the next deadline, those without one last, equal ones by number', () => {
    const rows = [
      ticket('2'),
      ticket('10', { deadline_at: due(9) }),
      ticket('9', { deadline_at: due(9) }),
      ticket('1'),
      ticket('3', { deadline_at: due(5) }),
    ]
    rows.sort((a, b) => compare('deadline', a, b))
    expect(rows.map(({ id }) => id)).toEqual(['3', '9', '10', '1', '2'])
  })

  test('numbers too long for a float keep their order', () => {
    expect(byNumber('9007199254740993', '9007199254740992')).toBeGreaterThan(0)
  })
})

describe('a standing list', () => {
  const standing = { ...frozen.NOTHING, order: ['1', '2', '3'] }

  test('does not move when something new comes: it waits behind the pill', () => {
    const after = frozen.merge(standing, ['4', '5'], all)
    expect(after.order).toEqual(['1', '2', '3'])
    expect(frozen.pill(after)).toBe('2 new')
  })

  test('keeps the row of a ticket that left, and says so', () => {
    const after = frozen.merge(standing, ['2'], () => false)
    expect(after.order).toEqual(['1', '2', '3'])
    expect([...after.left]).toEqual(['2'])
    expect(frozen.pill(after)).toBe('1 done')
  })

  test('forgets what came and went before anybody looked', () => {
    const came = frozen.merge(standing, ['4'], all)
    expect(frozen.pill(frozen.merge(came, ['4'], () => false))).toBe('')
  })

  test('forgets that a ticket left when it comes back', () => {
    const left = frozen.merge(standing, ['2'], () => false)
    expect(frozen.pill(frozen.merge(left, ['2'], all))).toBe('')
  })

  test('a further page shows nothing twice', () => {
    const came = frozen.merge(standing, ['4'], all)
    const after = frozen.append(came, [ticket('3'), ticket('4'), ticket('5')], all)
    expect(after.order).toEqual(['1', '2', '3', '5'])
  })

  test('a row taken out comes back to its place', () => {
    const out = frozen.without(standing, new Set(['2']))
    expect(out.order).toEqual(['1', '3'])
    expect(frozen.insert(out, '2', 1).order).toEqual(['1', '2', '3'])
    expect(frozen.insert(standing, '2', 0).order).toEqual(['1', '2', '3'])
  })

  test('settles in order, with nothing waiting', () => {
    const rows = [ticket('2', { deadline_at: due(3) }), ticket('1', { deadline_at: due(9) })]
    expect(frozen.settle(rows, 'deadline', all)).toEqual({ ...frozen.NOTHING, order: ['2', '1'] })
  })
})

describe('what is loaded', () => {
  const view = queueView('support')
  const loaded = (next?: string) => {
    const source = new Source(view)
    source.addPage({
      tickets: [ticket('1', { deadline_at: due(1) }), ticket('5', { deadline_at: due(5) })],
      next,
    })
    return source
  }

  test('takes in what stands before the last page, and leaves the rest to its page', () => {
    const source = loaded('more')
    expect(source.apply(ticket('3', { deadline_at: due(3) }))).toBe(true)
    expect(source.apply(ticket('9', { deadline_at: due(9) }))).toBe(false)
    expect([...source.rows.keys()]).toEqual(['1', '5', '3'])
  })

  test('takes in everything once it is complete', () => {
    const source = loaded()
    expect(source.complete).toBe(true)
    expect(source.apply(ticket('9', { deadline_at: due(9) }))).toBe(true)
  })

  test.each([
    ['resolved', { status: 'resolved' as const }],
    ['moved to another department', { department: 'sales' }],
  ])('lets go of a ticket that was %s', (_, members) => {
    const source = loaded()
    source.apply(ticket('1', { version: 2, ...members }))
    expect(source.rows.has('1')).toBe(false)
  })

  test('an older version never replaces a newer one', () => {
    const source = loaded()
    source.apply(ticket('1', { version: 4, assignee: 'ann' }))
    source.apply(ticket('1', { version: 3, assignee: null }))
    expect(source.rows.get('1')?.assignee).toBe('ann')
  })

  test('takes in nothing before the first page', () => {
    expect(new Source(view).apply(ticket('1'))).toBe(false)
  })
})

describe('views', () => {
  const view = (path: string) => fixedViews('ann').find((one) => one.path === path)
  const now = Date.parse(due(0))
  const hold = { state: 'snoozed', kind: 'snoozed' as const, since: due(0), until: due(60) }

  test.each([
    ['inbox', ticket('1'), true],
    ['inbox', ticket('1', { label: 'general' }), false],
    ['inbox', ticket('1', { label: 'general', deadline_at: due(5) }), true],
    ['unassigned', ticket('1', { assignee: 'bob' }), false],
    ['unassigned', ticket('1'), true],
    ['breaching', ticket('1', { deadline_at: due(15) }), true],
    ['breaching', ticket('1', { deadline_at: due(16) }), false],
    ['inbox', ticket('1', { hold }), false],
    ['waiting', ticket('1', { hold }), true],
    ['waiting', ticket('1'), false],
    ['mine', ticket('1', { assignee: 'ann', hold }), true],
    ['all', ticket('1', { label: 'general' }), true],
  ])('%s', (path, row, want) => {
    const shown = view(path)
    expect(shown?.inSource(row) && shown.holds(row, now)).toBe(want)
  })

  test('mine are mine', () => {
    expect(view('mine')?.inSource(ticket('1', { assignee: 'ann' }))).toBe(true)
    expect(view('mine')?.inSource(ticket('1', { assignee: 'bob' }))).toBe(false)
  })

  test('without a deadline nothing is breaching', () => {
    expect(isBreaching(ticket('1'), now)).toBe(false)
  })
})

describe('search', () => {
  const row = ticket('65', {
    topics: ['baggage/lost'],
    mention: {
      platform: 'x',
      id: '1',
      text: 'Mein Koffer ist über Nacht weg',
      author: { handle: 'bea' },
    },
  })

  test.each([
    ['', true],
    ['koffer', true],
    ['uber NACHT', true],
    ['@bea', false],
    ['bea lost', true],
    ['#65', true],
    ['koffer sales', false],
  ])('%j', (query, want) => {
    expect(matcher(query)(row)).toBe(want)
  })
})

describe('the chart of an incident', () => {
  test('fills the empty minutes', () => {
    const drawn = bars(
      [
        { minute: due(0), posts: 2 },
        { minute: due(3), posts: 1 },
      ],
      Date.parse(due(4)),
    )
    expect(drawn).toMatchObject({
      minutes: 1,
      bars: [{ posts: 2 }, { posts: 0 }, { posts: 0 }, { posts: 1 }, { posts: 0 }],
    })
  })

  test('groups a day so that its bars can be seen, and loses no post', () => {
    const rate = Array.from({ length: 1440 }, (_, minute) => ({
      minute: new Date(Date.parse(due(0)) + minute * 60_000).toISOString(),
      posts: 1,
    }))
    const drawn = bars(rate, 0)
    expect(drawn.minutes).toBe(30)
    expect(drawn.bars.length).toBeLessThanOrEqual(61)
    expect(drawn.bars.reduce((sum, bar) => sum + bar.posts, 0)).toBe(1440)
  })
})
