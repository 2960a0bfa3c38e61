import { describe, expect, test } from 'vitest'
import { laterChoices, typedLater } from './later'

const at = (text: string) => new Date(text).getTime()

describe('times to choose from', () => {
  test.each([
    ['on a Tuesday morning', '2026-03-03T10:10', ['In an hour', 'In three hours', 'This evening', 'Tomorrow morning', 'Monday morning', 'In a week']],
    ['in the evening there is no evening left', '2026-03-03T17:45', ['In an hour', 'In three hours', 'Tomorrow morning', 'Monday morning', 'In a week']],
    ['on a Sunday tomorrow is Monday', '2026-03-01T10:10', ['In an hour', 'In three hours', 'This evening', 'Tomorrow morning', 'In a week']],
    ['on a Monday the next one is in a week', '2026-03-02T10:10', ['In an hour', 'In three hours', 'This evening', 'Tomorrow morning', 'Monday morning']],
  ])('%s', (_, now, titles) => {
    const choices = laterChoices(at(now))
    expect(choices.map(({ title }) => title)).toEqual(titles)
    expect(choices.every((choice) => choice.at > at(now))).toBe(true)
  })
})

describe('times as they are typed', () => {
  const now = '2026-03-03T10:10'
  test.each([
    ['45m', '2026-03-03T10:55'],
    ['in 2 hours', '2026-03-03T12:10'],
    ['3d', '2026-03-06T10:10'],
    ['14:30', '2026-03-03T14:30'],
    ['at 9.15', '2026-03-04T09:15'],
    ['tomorrow 14:30', '2026-03-04T14:30'],
  ])('%s', (text, want) => {
    expect(typedLater(text, at(now))?.at).toBe(at(want))
  })

  test.each(['', 'soon', '0m', '25:00', '9999w', '14', 'tomorrow'])('%s is none', (text) => {
    expect(typedLater(text, at(now))).toBeUndefined()
  })
})
