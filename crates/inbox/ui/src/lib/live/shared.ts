/**
 * One stream for all tabs of a browser: HTTP/1.1 gives an origin six connections, and a
 * stream holds one for ever. The tab that holds the lock reads and tells the others; when it
 * goes, the next one takes over after the last number that was told.
 *
 * Without locks (plain http away from localhost) each tab reads for itself.
 */
import { type Connection, type Listener, LiveStream } from './stream'

const NAME = 'switchboard.live'

type Message =
  | { kind: 'event'; name: string; data: unknown; lastId: string }
  | { kind: 'connection'; connection: Connection }
  | { kind: 'newcomer' }

export class SharedLive {
  private stream: LiveStream | undefined
  private channel: BroadcastChannel | undefined
  private readonly stop = new AbortController()
  private lastId = ''
  private standing: Connection = { state: 'connecting' }

  constructor(private readonly listener: Listener) {}

  start(): void {
    const shared = 'locks' in navigator && 'BroadcastChannel' in globalThis
    if (!shared) {
      void this.lead()
      return
    }
    this.channel = new BroadcastChannel(NAME)
    this.channel.onmessage = ({ data }: MessageEvent<Message>) => this.hear(data)
    this.channel.postMessage({ kind: 'newcomer' } satisfies Message)
    const options = { signal: this.stop.signal }
    navigator.locks.request(NAME, options, () => this.lead()).catch(() => undefined)
  }

  hurry(): void {
    this.stream?.hurry()
  }

  close(): void {
    this.stop.abort()
    this.stream?.close()
    this.channel?.close()
  }

  private async lead(): Promise<void> {
    const tell = (message: Message) => {
      this.channel?.postMessage(message)
      this.hear(message)
    }
    this.stream = new LiveStream(
      {
        connection: (connection) => tell({ kind: 'connection', connection }),
        event: (name, data, lastId) => tell({ kind: 'event', name, data, lastId }),
      },
      this.lastId,
    )
    await this.stream.run()
  }

  private hear(message: Message): void {
    if (message.kind === 'newcomer') {
      if (this.stream) {
        this.channel?.postMessage({
          kind: 'connection',
          connection: this.standing,
        } satisfies Message)
      }
      return
    }
    if (message.kind === 'connection') {
      this.standing = message.connection
      this.listener.connection(message.connection)
      return
    }
    this.lastId = message.lastId
    this.listener.event(message.name, message.data, message.lastId)
  }
}
