import { expect, test } from 'vitest'
import { seesNothing } from './session'

test.each([
  ['agent', [], true],
  ['viewer', [], true],
  ['agent', ['support'], false],
  ['supervisor', [], false],
  ['admin', [], false],
])('%s of %j', (role, departments, want) => {
  expect(seesNothing({ name: 'ann', role, departments, actions: [] })).toBe(want)
})

test('whoever is not known yet is told nothing', () => {
  expect(seesNothing(undefined)).toBe(false)
})
