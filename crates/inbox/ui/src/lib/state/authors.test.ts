import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Profile } from '../api/types'
import { ticket } from '../list/ticket.fixture'
import { authors } from './authors.svelte'

const account = (key: string) => ({ key, platform: 'x', id: key })
const profile = (key: string, ...ids: string[]): Profile => ({
  accounts: [account(key)],
  links: [],
  tickets: ids.map((id) => ticket(id, { author: key })),
})

/** Every question waits until the test answers it. */
const asked: { path: string; answer: (body: unknown, status?: number) => void }[] = []

beforeEach(() => {
  vi.useFakeTimers()
  asked.length = 0
  vi.stubGlobal('fetch', (path: string, { signal }: RequestInit) =>
    new Promise<Response>((resolve, reject) => {
      signal?.addEventListener('abort', () => reject(signal.reason))
      asked.push({ path, answer: (body, status = 200) => resolve(new Response(JSON.stringify(body), { status })) })
    }),
  )
})
afterEach(() => {
  authors.close()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

const later = (milliseconds = 1_000) => vi.advanceTimersByTimeAsync(milliseconds)
const shown = () => authors.profile?.tickets.map(({ id }) => id)

test('whose tickets fly by is not asked for', async () => {
  for (const key of ['a1', 'a2', 'a3']) authors.open(key)
  await later()
  expect(asked.map(({ path }) => path)).toEqual(['/api/v1/authors/a3'])
})

test('an answer that comes late does not stand beside another author’s ticket', async () => {
  authors.open('b1')
  await later()
  authors.open('b2')
  await later()
  asked[0]?.answer(profile('b1', '1'))
  asked[1]?.answer(profile('b2', '2'))
  await later()
  expect(shown()).toEqual(['2'])
})

test('going back shows at once what is known, and reads it again', async () => {
  authors.open('c1')
  await later()
  asked[0]?.answer(profile('c1', '1'))
  await later()
  authors.open('c2')
  expect(authors.profile).toBeUndefined()
  authors.open('c1')
  expect(shown()).toEqual(['1'])
  await later()
  asked.at(-1)?.answer(profile('c1', '5', '1'))
  await later()
  expect(shown()).toEqual(['5', '1'])
})

test('when it cannot be read, what is known stays and the reason is told', async () => {
  authors.open('d1')
  await later()
  asked[0]?.answer(profile('d1', '1'))
  await later()
  authors.refresh(0)
  await later()
  asked[1]?.answer({ code: 'unavailable', detail: 'the store cannot answer now' }, 503)
  await later()
  expect([shown(), authors.problem?.message]).toEqual([['1'], 'the store cannot answer now'])
  authors.refresh(0)
  await later()
  asked[2]?.answer(profile('d1', '1'))
  await later()
  expect(authors.problem).toBeUndefined()
})

test('older tickets come behind, asked for once', async () => {
  authors.open('e1')
  await later()
  asked[0]?.answer({ ...profile('e1', '9', '8'), next: '8' })
  await later()
  void authors.more()
  void authors.more()
  await later()
  expect(asked.map(({ path }) => path).slice(1)).toEqual(['/api/v1/authors/e1?before=8'])
  asked[1]?.answer(profile('e1', '3'))
  await later()
  expect([shown(), authors.profile?.next, authors.reading]).toEqual([['9', '8', '3'], undefined, false])
})

test('what comes live stands there too', async () => {
  authors.open('f1')
  await later()
  asked[0]?.answer(profile('f1', '1'))
  await later()
  authors.apply([ticket('2', { author: 'f1' }), ticket('3', { author: 'somebody else' })])
  expect(shown()).toEqual(['2', '1'])
})
