/** Reads server-sent events out of a stream of text, however it is cut (HTML, "Server-sent events"). */

export interface ServerEvent {
  name: string
  data: string
}

/** An event of the server is a few hundred rows at most; a stream without end is not ours. */
const BUFFER_MAX = 16 * 1024 * 1024

export class EventParser {
  /** The last `id:`, where to resume. */
  lastId = ''
  private buffer = ''
  private name = ''
  private data: string[] = []
  private pendingId: string | undefined

  /** The events that are whole now. */
  feed(text: string): ServerEvent[] {
    this.buffer += text
    if (this.buffer.length > BUFFER_MAX) throw new Error('the live stream sends an endless line')
    const events: ServerEvent[] = []
    let from = 0
    for (let end = this.lineEnd(from); end; end = this.lineEnd(from)) {
      const event = this.line(this.buffer.slice(from, end.at))
      if (event) events.push(event)
      from = end.next
    }
    this.buffer = this.buffer.slice(from)
    return events
  }

  /** A carriage return at the very end may be half of a pair: wait for what follows. */
  private lineEnd(from: number): { at: number; next: number } | undefined {
    for (let at = from; at < this.buffer.length; at++) {
      const character = this.buffer[at]
      if (character === '\n') return { at, next: at + 1 }
      if (character !== '\r') continue
      if (at + 1 === this.buffer.length) return undefined
      return { at, next: this.buffer[at + 1] === '\n' ? at + 2 : at + 1 }
    }
    return undefined
  }

  private line(line: string): ServerEvent | undefined {
    if (line === '') return this.dispatch()
    const colon = line.indexOf(':')
    if (colon === 0) return undefined
    const field = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') this.name = value
    if (field === 'data') this.data.push(value)
    if (field === 'id' && !value.includes('\0')) this.pendingId = value
    return undefined
  }

  private dispatch(): ServerEvent | undefined {
    const event = { name: this.name || 'message', data: this.data.join('\n') }
    const hasData = this.data.length > 0
    if (this.pendingId !== undefined) this.lastId = this.pendingId
    this.name = ''
    this.data = []
    this.pendingId = undefined
    return hasData ? event : undefined
  }
}
