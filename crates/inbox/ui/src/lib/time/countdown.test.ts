import { describe, expect, test } from 'vitest'
import type { Clock, Ticket } from '../api/types'
import { long, short, standing } from './countdown'

const NOW = Date.parse('2026-03-01T12:00:00Z')
const MINUTE = 60_000

function clocked(dueInMs: number | undefined, sla: Ticket['sla'], targetSeconds = 3600) {
  const deadline_at = dueInMs === undefined ? undefined : new Date(NOW + dueInMs).toISOString()
  const stopped = dueInMs === undefined ? { at: '', cause: 'replied' } : undefined
  return { deadline_at, sla, clocks: [{ target_seconds: targetSeconds, due_at: deadline_at, stopped } as Clock] }
}

describe('what stands on the badge', () => {
  test.each([
    ['far off', 50 * MINUTE, 'running', 'fine', '50m'],
    ['in the last quarter of an hour', 14 * MINUTE, 'running', 'soon', '14m'],
    ['exactly a quarter of an hour', 15 * MINUTE, 'running', 'soon', '15m'],
    ['in the last minute', 42_000, 'running', 'soon', '42s'],
    ['this instant', 0, 'running', 'late', '-0s'],
    ['four minutes ago', -4 * MINUTE, 'breached', 'late', '-4m'],
    ['answered', undefined, 'met', 'met', 'met'],
    ['missed and answered later', undefined, 'breached', 'late', 'missed'],
    ['stopped', undefined, 'cancelled', 'still', 'stopped'],
    ['without a clock', undefined, undefined, 'still', '–'],
  ] as const)('%s', (_, due, sla, level, text) => {
    expect(standing(clocked(due, sla), NOW)).toMatchObject({ level, text })
  })

  test('the quarter is of the clock that falls due first', () => {
    const first = clocked(50 * MINUTE, 'running')
    const later = { target_seconds: 8 * 3600, due_at: '2026-03-01T20:00:00Z' } as Clock
    expect(standing({ ...first, clocks: [later, ...first.clocks] }, NOW).level).toBe('fine')
  })

  test('of clocks that stand still: why, and until when', () => {
    const until = '2026-03-01T18:30:00Z'
    const hold = { state: 'waiting-customer', kind: 'waiting_customer' as const, since: until, until }
    const clocks = [{ target_seconds: 60 } as Clock]
    const { level, text, words } = standing({ sla: 'breached', clocks, hold }, NOW)
    expect([level, text]).toEqual(['paused', 'paused'])
    expect(words).toMatch(/^the clock stands still, waiting for the author, resumes .*30/)
  })

  test('of a long promise the last quarter is amber', () => {
    const eightHours = 8 * 3600
    expect(standing(clocked(119 * MINUTE, 'running', eightHours), NOW).level).toBe('soon')
    expect(standing(clocked(121 * MINUTE, 'running', eightHours), NOW).level).toBe('fine')
  })
})

test.each([
  [59_999, '59s', 'less than a minute'],
  [MINUTE, '1m', '1 minute'],
  [125 * MINUTE, '2h 05m', '2 hours'],
  [26 * 60 * MINUTE, '1d 2h', '26 hours'],
  [50 * 60 * MINUTE, '2d 2h', '2 days'],
])('%i ms', (milliseconds, badge, words) => {
  expect(short(milliseconds)).toBe(badge)
  expect(long(milliseconds)).toBe(words)
})
