import { expect, test } from 'vitest'
import { UndoStack } from './undo'

function stack() {
  const undone: string[] = []
  const undo = new UndoStack()
  const add = (name: string, at: number) => undo.push(() => undone.push(name), at)
  return { undo, add, undone }
}

test('the newest change is taken back first, each once', () => {
  const { undo, add, undone } = stack()
  add('a', 0)
  add('b', 1_000)
  expect([undo.undo(2_000), undo.undo(2_000), undo.undo(2_000)]).toEqual([true, true, false])
  expect(undone).toEqual(['b', 'a'])
})

test('by its button a change is taken back whatever came after it', () => {
  const { undo, add, undone } = stack()
  const button = add('a', 0)
  add('b', 1_000)
  button()
  button()
  expect(undone).toEqual(['a'])
  undo.undo(2_000)
  expect(undone).toEqual(['a', 'b'])
})

test('after ten seconds it is too late', () => {
  const { undo, add, undone } = stack()
  add('a', 0)
  expect(undo.undo(10_001)).toBe(false)
  expect(undone).toEqual([])
})
