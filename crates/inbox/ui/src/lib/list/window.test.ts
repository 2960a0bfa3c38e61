import { describe, expect, test } from 'vitest'
import { nearEnd, ROWS_MAX, reveal, windowOf } from './window'

describe('the rows that stand in the page', () => {
  test.each([
    ['nothing', 0, 0, 600, { start: 0, end: 0 }],
    ['a short list', 5, 0, 600, { start: 0, end: 5 }],
    ['the top', 10_000, 0, 600, { start: 0, end: 23 }],
    ['the middle', 10_000, 50_000, 600, { start: 492, end: 515 }],
    ['the end', 10_000, 999_400, 600, { start: 9_977, end: 10_000 }],
    ['scrolled past a list that became short', 10, 50_000, 600, { start: 0, end: 10 }],
    ['a bounce above the top', 10_000, -80, 600, { start: 0, end: 23 }],
  ])('%s', (_, count, top, height, want) => {
    expect(windowOf(count, 100, top, height)).toEqual(want)
  })

  test('every pixel in sight has its row, and there are never more than sixty', () => {
    for (const rowHeight of [34, 76]) {
      for (const height of [300, 844, 1_400, 1_900]) {
        for (let top = 0; top < 20_000; top += 997) {
          const { start, end } = windowOf(10_000, rowHeight, top, height)
          expect(start * rowHeight).toBeLessThanOrEqual(top)
          expect(end * rowHeight).toBeGreaterThanOrEqual(top + height)
          expect(end - start).toBeLessThanOrEqual(ROWS_MAX)
        }
      }
    }
  })
})

test.each([
  ['above', 3, 500, 300],
  ['in sight', 6, 500, 500],
  ['half below', 10, 500, 600],
  ['far below', 40, 500, 3_600],
])('a row %s is brought into sight', (_, index, top, want) => {
  expect(reveal(index, 100, top, 500)).toBe(want)
})

test('the next page is asked for a screen before the end', () => {
  expect(nearEnd(100, 100, 8_700, 600)).toBe(false)
  expect(nearEnd(100, 100, 8_800, 600)).toBe(true)
})
