/**
 * One live stream: reads until it breaks, then begins again after the last number heard.
 * `fetch` and not `EventSource`, because a tab that takes over from another one must name
 * that number itself, and because heartbeats and refusals must be seen.
 */
import { signedOut } from '../api/client'
import { measureSkew } from '../time/skew'
import { waitSeconds } from './backoff'
import { EventParser } from './parser'

/** The server says something every quarter of a minute; three misses mean it is gone. */
const SILENCE_MS = 50_000

export type Connection =
  | { state: 'connecting' }
  | { state: 'live' }
  | { state: 'waiting'; until: number; failures: number }

export interface Listener {
  connection(connection: Connection): void
  event(name: string, data: unknown, lastId: string): void
}

export class LiveStream {
  private stop = new AbortController()
  private parser = new EventParser()
  private failures = 0
  private wake: (() => void) | undefined

  constructor(
    private readonly listener: Listener,
    lastId = '',
  ) {
    this.parser.lastId = lastId
  }

  async run(): Promise<void> {
    while (!this.stop.signal.aborted) {
      if (this.failures === 0) this.listener.connection({ state: 'connecting' })
      await this.read().catch(() => undefined)
      if (this.stop.signal.aborted) return
      this.failures += 1
      await this.pause(waitSeconds(this.failures, Math.random()))
    }
  }

  /** Tries at once: the network came back, or a person asks for it. */
  hurry(): void {
    this.wake?.()
  }

  close(): void {
    this.stop.abort()
    this.wake?.()
  }

  private async read(): Promise<void> {
    const { lastId } = this.parser
    this.parser = new EventParser()
    this.parser.lastId = lastId
    const silence = new AbortController()
    let alarm = setTimeout(() => silence.abort(), SILENCE_MS)
    const heard = () => {
      clearTimeout(alarm)
      alarm = setTimeout(() => silence.abort(), SILENCE_MS)
    }
    try {
      const reader = await this.open(silence.signal)
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        heard()
        this.take(value)
      }
    } finally {
      clearTimeout(alarm)
      silence.abort()
    }
  }

  private async open(silence: AbortSignal): Promise<ReadableStreamDefaultReader<string>> {
    const headers: Record<string, string> = { accept: 'text/event-stream' }
    if (this.parser.lastId) headers['last-event-id'] = this.parser.lastId
    const signal = AbortSignal.any([this.stop.signal, silence])
    const response = await fetch('/api/v1/live', { headers, signal, credentials: 'same-origin' })
    measureSkew(response.headers.get('date'))
    if (response.status === 401) signedOut.go()
    if (response.status === 400) this.parser.lastId = ''
    if (!response.ok || !response.body)
      throw new Error(`the live stream answered ${response.status}`)
    this.failures = 0
    this.listener.connection({ state: 'live' })
    return response.body.pipeThrough(new TextDecoderStream()).getReader()
  }

  private take(text: string): void {
    for (const { name, data } of this.parser.feed(text)) {
      this.listener.event(name, parse(data), this.parser.lastId)
    }
  }

  private pause(seconds: number): Promise<void> {
    const until = Date.now() + seconds * 1000
    this.listener.connection({ state: 'waiting', until, failures: this.failures })
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, seconds * 1000)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}

function parse(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return undefined
  }
}
