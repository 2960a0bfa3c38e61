import { expect, test } from 'vitest'
import { dialogs } from './dialog.svelte'

test('a dialog that is gone closes none that came after it', () => {
  dialogs.open = { kind: 'help' }
  const first = dialogs.open
  dialogs.open = { kind: 'proof', ticket: '7' }
  dialogs.close(first)
  expect(dialogs.open).toEqual({ kind: 'proof', ticket: '7' })
  dialogs.close()
  expect(dialogs.open).toBeUndefined()
})

test.each([['yes', 1], ['no', 0]])('asked whether, %s', (answer, times) => {
  let done = 0
  dialogs.confirm({ title: 'Merge?', says: ['Both go on as one.'], yes: 'Merge' }, () => { done += 1 })
  if (dialogs.open?.kind !== 'choice') throw new Error('nothing is asked')
  expect(dialogs.open.choices.map(({ value }) => value)).toEqual(['yes', 'no'])
  dialogs.open.choose(answer)
  expect(done).toBe(times)
  dialogs.close()
})

test('what is likely a mistake is not answered yes by Enter alone', () => {
  dialogs.confirm({ title: 'Merge?', says: [], yes: 'Merge', isOdd: true }, () => undefined)
  expect(dialogs.open).toMatchObject({ choices: [{ value: 'no' }, { value: 'yes' }] })
  dialogs.close()
})
