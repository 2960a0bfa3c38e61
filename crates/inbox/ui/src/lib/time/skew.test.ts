import { describe, expect, test } from 'vitest'
import { middle, narrow } from './skew'

const at = (text: string) => Date.parse(text)

describe('the server clock, learnt from whole seconds', () => {
  test('several answers cut the second down', () => {
    // The server is 5,300 ms ahead.
    let range = narrow(undefined, 'Sun, 01 Mar 2026 12:00:05 GMT', at('2026-03-01T12:00:00.000Z'))
    range = narrow(range, 'Sun, 01 Mar 2026 12:00:05 GMT', at('2026-03-01T12:00:00.600Z'))
    range = narrow(range, 'Sun, 01 Mar 2026 12:00:06 GMT', at('2026-03-01T12:00:00.800Z'))
    expect(middle(range)).toBeGreaterThan(5_100)
    expect(middle(range)).toBeLessThan(5_500)
  })

  test('a clock that was set anew is believed', () => {
    const early = narrow(undefined, 'Sun, 01 Mar 2026 12:00:00 GMT', at('2026-03-01T12:00:00Z'))
    const late = narrow(early, 'Sun, 01 Mar 2026 13:00:00 GMT', at('2026-03-01T12:00:01Z'))
    expect(middle(late)).toBeGreaterThan(3_590_000)
  })

  test.each([[null], ['soon']])('%s teaches nothing', (header) => {
    expect(middle(narrow(undefined, header, 0))).toBe(0)
  })
})
