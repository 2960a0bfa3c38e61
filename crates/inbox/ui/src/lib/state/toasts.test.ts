import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { toasts } from './toasts.svelte'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  vi.runAllTimers()
  vi.useRealTimers()
})

const texts = () => toasts.shown.map(({ text }) => text)
const undo = { title: 'Undo', run: () => undefined }

test('the newest of a kind stands alone, so that there are never more than two', () => {
  toasts.show('#1 resolved', 'done', undo)
  toasts.show('no answer', 'failed')
  toasts.show('#2 resolved', 'done', undo)
  toasts.show('still no answer', 'failed')
  expect(texts()).toEqual(['#2 resolved', 'still no answer'])
})

test.each([
  ['plain words', 'done', undefined, 4_000],
  ['with a button', 'done', undo, 8_000],
  ['a failure', 'failed', undefined, 16_000],
] as const)('%s leaves by itself', (_, tone, action, standsMs) => {
  toasts.show('x', tone, action)
  vi.advanceTimersByTime(standsMs - 1)
  expect(texts()).toEqual(['x'])
  vi.advanceTimersByTime(1)
  expect(texts()).toEqual([])
})
