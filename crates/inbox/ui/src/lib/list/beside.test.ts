import { expect, test } from 'vitest'
import { beside } from './beside'

test.each<[string, string[], string, number | undefined, (string | undefined)[]]>([
  ['a row of the list', ['a', 'b', 'c'], 'b', undefined, ['a', 'c']],
  ['a row that left', ['a', 'c'], 'b', 1, ['a', 'c']],
  ['the last row that left', ['a', 'b'], 'c', 2, ['b', undefined]],
  ['a place beyond a list that got shorter', ['a'], 'z', 7, ['a', undefined]],
  ['a row that never stood here', ['a', 'b'], 'z', undefined, [undefined, 'a']],
  ['an empty list', [], 'a', 3, [undefined, undefined]],
])('%s', (_, ids, id, place, want) => {
  const { before, after } = beside(ids, id, place)
  expect([before, after]).toEqual(want)
})
