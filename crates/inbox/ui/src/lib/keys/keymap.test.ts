import { describe, expect, test } from 'vitest'
import { keyCaps, SHORTCUTS } from './bindings'
import { IDLE, nameOf, type Stroke, step } from './keymap'

function stroke(key: string, members: Partial<Stroke> = {}): Stroke {
  return { key, shiftKey: false, ctrlKey: false, metaKey: false, altKey: false, ...members }
}

/** Presses keys half a second apart, or as `at` says, and names the commands. */
function press(...keys: (string | { key: string; at: number })[]): (string | undefined)[] {
  let state = IDLE
  return keys.map((key, index) => {
    const { key: name, at } = typeof key === 'string' ? { key, at: 1_000 + index * 500 } : key
    const next = step(SHORTCUTS, state, stroke(name), at)
    state = next.state
    return next.command
  })
}

describe('keys become commands', () => {
  test.each([
    ['one key', ['j'], ['next']],
    ['a sequence', ['g', 'i'], [undefined, 'go inbox']],
    ['an unknown second key ends the sequence', ['g', 'x', 'i'], [undefined, undefined, 'claim']],
    ['a second key that is a command by itself still is one', ['g', 'j'], [undefined, 'next']],
    ['a sequence twice', ['g', 'g', 'u'], [undefined, undefined, 'go unassigned']],
    ['an unknown key', ['q'], [undefined]],
  ] as const)('%s', (_, keys, want) => {
    expect(press(...keys)).toEqual(want)
  })

  test('a forgotten first key does no harm', () => {
    expect(press({ key: 'g', at: 1_000 }, { key: 'i', at: 3_000 })).toEqual([undefined, 'claim'])
  })

  test('a modifier alone changes nothing', () => {
    const { state } = step(SHORTCUTS, IDLE, stroke('g'), 1_000)
    expect(step(SHORTCUTS, state, stroke('Shift', { shiftKey: true }), 1_100).state).toBe(state)
  })

  test('the browser keeps its own keys', () => {
    expect(step(SHORTCUTS, IDLE, stroke('r', { ctrlKey: true }), 0).taken).toBe(false)
    expect(step(SHORTCUTS, IDLE, stroke('a', { metaKey: true }), 0).taken).toBe(false)
  })
})

test.each([
  ['?', { shiftKey: true }, '?'],
  ['E', { shiftKey: true }, 'Shift+e'],
  ['k', { ctrlKey: true }, 'Mod+k'],
  ['k', { metaKey: true }, 'Mod+k'],
  ['K', {}, 'k'],
  ['@', { altKey: true }, '@'],
  [' ', {}, 'Space'],
  ['Control', { ctrlKey: true }, ''],
] as const)('%s %o is written %s', (key, members, want) => {
  expect(nameOf(stroke(key, members))).toBe(want)
})

test('no key means two things, and no key hides a sequence', () => {
  const keys = SHORTCUTS.map((shortcut) => shortcut.keys)
  expect(new Set(keys).size).toBe(keys.length)
  const sequences = keys.filter((one) => one.includes(' ')).map((one) => one.split(' ')[0])
  expect(keys.filter((one) => sequences.includes(one))).toEqual([])
})

test('keys are shown as they stand on the keyboard', () => {
  expect(keyCaps('g i')).toEqual(['G', 'I'])
  expect(keyCaps('Mod+Enter')).toEqual(['Ctrl', 'Enter'])
})
