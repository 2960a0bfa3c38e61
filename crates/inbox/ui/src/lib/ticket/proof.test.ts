import { expect, test } from 'vitest'
import type { ClockProof, Ticket } from '../api/types'
import { ticket } from '../list/ticket.fixture'
import { proofTable, spent } from './proof'

const NOW = Date.parse('2026-03-01T12:10:00Z')
const at = (minute: number) => `2026-03-01T12:${String(minute).padStart(2, '0')}:00Z`

const proof = (members: Partial<ClockProof> = {}): ClockProof => ({
  clock: 'first_response',
  cycle: 1,
  policy: 'service',
  calendar: 'always',
  target_seconds: 900,
  used_seconds: 420,
  due_at: at(18),
  status: 'running',
  intervals: [
    { from: at(0), until: at(2), cause: 'ours', counts: true, open_seconds: 120 },
    { from: at(2), until: at(5), cause: 'waiting_customer', counts: false, open_seconds: 180 },
    { from: at(5), cause: 'ours', counts: true, open_seconds: 300 },
  ],
  differences: [],
  ...members,
})

test('each stretch says why it was, and whether it counts', () => {
  const { rows, used, allowed, outcome } = proofTable(proof(), undefined, NOW)
  expect(rows.map(({ why, open, counts }) => [why, open, counts])).toEqual([
    ['Our turn', '2m', true],
    ['Waiting for the author', '3m', false],
    ['Our turn', '5m', true],
  ])
  expect(rows.at(-1)?.until).toBe('now')
  expect([used, allowed, outcome]).toEqual(['7m', '15m', 'running'])
})

test.each([
  ['breached', 'missed', 'late'], ['met', 'kept', 'met'], ['paused', 'stands still', 'calm'], ['cancelled', 'ended without a result', 'calm'],
] as const)('a clock that is %s', (status, outcome, tone) => {
  expect(proofTable(proof({ status }), undefined, NOW)).toMatchObject({ outcome, tone })
})

test('the deadline is told from its start to its end', () => {
  const clocks = [{ clock: 'first_response', cycle: 1, start_reason: 'late_arrival', started_at: at(0) }]
  const known = ticket('1', { clocks: clocks as unknown as Ticket['clocks'] })
  const { because } = proofTable(proof({ calendar: 'office' }), known, NOW)
  expect(because.join(' ')).toMatch(/^Began at .* when the post came in, since it is older than ten minutes\. Policy service allows 15m, counted in the hours of office\. So the deadline is /)
})

test('while it stands still there is no deadline', () => {
  const { because } = proofTable(proof({ due_at: undefined, status: 'paused' }), undefined, NOW)
  expect(because.at(-1)).toBe('No deadline while the clock stands still.')
})

test('a later cycle is named by its number, a cause of a newer server is not lost', () => {
  const later = proof({ clock: 'next_response', cycle: 2, intervals: [{ from: at(0), cause: 'lunch_break', counts: false, open_seconds: 0 }] })
  expect(proofTable(later, undefined, NOW)).toMatchObject({ title: 'Next response 2', rows: [{ why: 'Lunch break', open: '0s' }] })
})

test.each([
  [0, '0s'], [45, '45s'], [60, '1m'], [242, '4m 02s'], [3600, '1h'], [3605, '1h 00m 05s'], [7500, '2h 05m'], [360_000, '100h'], [-3, '0s'],
])('%i seconds', (seconds, want) => {
  expect(spent(seconds)).toBe(want)
})
