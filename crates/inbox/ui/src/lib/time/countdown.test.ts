import { describe, expect, test } from 'vitest'
import type { Clock, Ticket } from '../api/types'
import { long, short, standing } from './countdown'

const NOW = Date.parse('2026-03-01T12:00:00Z')
const MINUTE = 60_000

function clocked(dueInMs: number | undefined, sla: Ticket['sla'], targetSeconds = 3600) {
  const deadline_at = dueInMs === undefined ? undefined : new Date(NOW + dueInMs).toISOString()
  return { deadline_at, sla, clocks: [{ target_seconds: targetSeconds } as Clock] }
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
