import { expect, test } from 'vitest'
import type { Clock } from '../api/types'
import { clocksWhile, type Hold, holdChoices, holdMeaning, holdWords, nameStates } from './hold'

const since = '2026-03-01T12:00:00Z'

test.each<[Omit<Hold, 'since'>, string, string]>([
  [{ state: 'waiting-customer', kind: 'waiting_customer' }, 'Waiting for the author', ''],
  [{ state: 'waiting-lab', kind: 'waiting_external' }, 'Waiting lab', 'waiting for somebody outside'],
  [{ state: 'approval', kind: 'approval', approver: 'legal' }, 'Waiting until Legal agrees', ''],
  [{ state: 'snoozed', kind: 'snoozed' }, 'Put off', ''],
])('%o in words', (hold, title, meaning) => {
  expect([holdWords({ ...hold, since }), holdMeaning(hold)]).toEqual([title, meaning])
})

const clock = (name: string, how: 'paused' | 'running' | 'stopped') =>
  ({ clock: name, ...(how === 'running' ? {} : { [how]: { at: since } }) }) as unknown as Clock

test.each<[Clock[], string]>([
  [[clock('first_response', 'paused'), clock('resolution', 'running')], 'First response stands still, resolution runs on'],
  [[clock('first_response', 'paused'), clock('resolution', 'paused')], 'First response and resolution stand still'],
  [[clock('first_response', 'stopped'), clock('resolution', 'running')], 'Resolution runs on'],
  [[clock('first_response', 'stopped')], ''],
  [[], ''],
])('what the clocks do meanwhile', (clocks, want) => {
  expect(clocksWhile(clocks)).toBe(want)
})

test('the company’s own states stand behind the built-in kinds, with what they mean', () => {
  const lab = { state: 'waiting-lab', name: 'Waits for the lab', kind: 'waiting_external' } as const
  expect(holdChoices([lab]).at(-1)).toEqual({
    kind: 'waiting_external',
    state: 'waiting-lab',
    title: 'Waits for the lab',
    note: 'wait for somebody outside',
  })
  expect(holdChoices([]).map(({ state }) => state)).toEqual([undefined, undefined, undefined, undefined])
  nameStates([lab])
  expect(holdWords({ ...lab, since })).toBe('Waits for the lab')
  nameStates([])
})
