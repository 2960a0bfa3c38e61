import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ticket } from '../list/ticket.fixture'
import { opened } from './opened.svelte'

const answers: ((version: number) => void)[] = []

beforeEach(() => {
  vi.useFakeTimers()
  answers.length = 0
  vi.stubGlobal('fetch', (path: string, { signal }: RequestInit) =>
    new Promise<Response>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason))
      const id = path.split('/').at(-1) ?? ''
      answers.push((version) => resolve(new Response(JSON.stringify({ ...ticket(id, { version }), mentions: [], timeline: [] }))))
    }),
  )
})
afterEach(() => {
  opened.close()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

test('who waits for a reading that another one overtakes is told what that one found', async () => {
  opened.open('7')
  const first = opened.read()
  const second = opened.read()
  answers[1]?.(2)
  expect([(await first)?.version, (await second)?.version]).toEqual([2, 2])
})

test('nobody is told of a ticket that is not looked at any more', async () => {
  opened.open('7')
  const first = opened.read()
  opened.open('8')
  const second = opened.read()
  answers[1]?.(1)
  expect([await first, (await second)?.id]).toEqual([undefined, '8'])
})

test('a ticket that was closed answers nobody', async () => {
  opened.open('7')
  const reading = opened.read()
  opened.close()
  expect(await reading).toBeUndefined()
})
