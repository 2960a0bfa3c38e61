import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { waitSeconds } from './backoff'
import { Batch } from './batch'
import { EventParser } from './parser'
import { LiveStream } from './stream'

const STREAM =
  'retry: 2000\nid: 7\n\n: still here\nid: 8\n\nid: 9\nevent: changes\ndata: {"a":\ndata: 1}\n\nevent: queues\ndata: {}\n\n'

describe('events out of a stream', () => {
  test.each([
    ['in one piece', [STREAM]],
    ['byte by byte', [...STREAM]],
    ['with carriage returns', [...STREAM.replaceAll('\n', '\r\n')]],
  ])('%s', (_, pieces) => {
    const parser = new EventParser()
    const events = pieces.flatMap((piece) => parser.feed(piece))
    expect(events).toEqual([
      { name: 'changes', data: '{"a":\n1}' },
      { name: 'queues', data: '{}' },
    ])
    expect(parser.lastId).toBe('9')
  })

  test('half an event moves nothing: it comes again after the break', () => {
    const parser = new EventParser()
    parser.feed('id: 7\n\nid: 8\nevent: changes\ndata: {')
    expect(parser.lastId).toBe('7')
  })

  test('an endless line is refused', () => {
    const parser = new EventParser()
    expect(() => {
      for (;;) parser.feed('x'.repeat(1024 * 1024))
    }).toThrow('endless')
  })
})

test.each([
  [1, 1],
  [2, 2],
  [4, 8],
  [9, 30],
  [1_000, 30],
])('after %i failures it waits %i s', (failures, seconds) => {
  expect(waitSeconds(failures, 0.5)).toBe(seconds)
})

describe('the stream', () => {
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })

  test('goes on after the last number heard', async () => {
    vi.useFakeTimers()
    const asked: (string | undefined)[] = []
    const answers = [
      'id: 7\n\nid: 8\nevent: changes\ndata: {}\n\nid: 9\nevent: chan',
      ': nothing\n\n',
    ]
    vi.stubGlobal('fetch', (_: string, { headers }: { headers: Record<string, string> }) => {
      asked.push(headers['last-event-id'])
      const text = answers.shift()
      return text === undefined ? new Promise(() => undefined) : Promise.resolve(new Response(text))
    })
    const heard: string[] = []
    const states: string[] = []
    const stream = new LiveStream({
      connection: ({ state }) => states.push(state),
      event: (name, _, id) => heard.push(`${name} ${id}`),
    })
    void stream.run()
    await vi.advanceTimersByTimeAsync(10_000)
    stream.close()
    expect(asked).toEqual([undefined, '8', '8'])
    expect(heard).toEqual(['changes 8'])
    expect(states.slice(0, 3)).toEqual(['connecting', 'live', 'waiting'])
  })

  test('a silent one is taken for broken', async () => {
    vi.useFakeTimers()
    let asked = 0
    vi.stubGlobal('fetch', (_: string, { signal }: { signal: AbortSignal }) => {
      asked += 1
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(new Error('aborted'))),
      )
    })
    const stream = new LiveStream({ connection: () => undefined, event: () => undefined })
    void stream.run()
    await vi.advanceTimersByTimeAsync(49_000)
    expect(asked).toBe(1)
    await vi.advanceTimersByTimeAsync(10_000)
    stream.close()
    expect(asked).toBe(2)
  })
})

describe('changes between two frames', () => {
  let frames: (() => void)[] = []
  const batches: number[][] = []
  const batch = new Batch<number>((items) => batches.push(items))

  beforeEach(() => {
    vi.useFakeTimers()
    frames = []
    batches.length = 0
    vi.stubGlobal('requestAnimationFrame', (run: () => void) => frames.push(run))
    vi.stubGlobal('cancelAnimationFrame', (frame: number) => delete frames[frame - 1])
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.unstubAllGlobals()
  })
  const paint = () => {
    for (const run of frames.splice(0)) run?.()
  }

  test('are handed on together, before the next paint', () => {
    for (let item = 0; item < 12; item++) batch.add(item)
    expect(batches).toEqual([])
    paint()
    batch.add(12)
    paint()
    vi.advanceTimersByTime(5_000)
    expect(batches.map((items) => items.length)).toEqual([12, 1])
  })

  test('are handed on where nothing is painted, and only once', () => {
    batch.add(1)
    vi.advanceTimersByTime(1_000)
    paint()
    expect(batches).toEqual([[1]])
  })
})
