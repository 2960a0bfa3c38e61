import { expect, test } from 'vitest'
import { opening } from './opening'

test.each([
  ['short', 'The handle broke.', 'The handle broke.'],
  ['on several lines', ' The handle\n\tbroke. ', 'The handle broke.'],
  ['long', `${'word '.repeat(40)}`, `${'word '.repeat(15)}word …`],
  ['one endless word', 'x'.repeat(90), `${'x'.repeat(80)} …`],
  ['turned around', 'pay \u202eruof', 'pay ⟨RLO⟩ruof'],
  ['empty', '', ''],
])('%s', (_, text, want) => {
  expect(opening(text)).toBe(want)
})
