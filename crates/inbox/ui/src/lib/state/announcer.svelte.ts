/** What a screen reader is told without being asked: at most one sentence in five seconds. */
const PAUSE_MS = 5_000

class Announcer {
  said = $state('')
  private next = ''
  private quietUntil = 0
  private timer: ReturnType<typeof setTimeout> | undefined

  /** The newest sentence wins; what it replaces was out of date. */
  say(sentence: string): void {
    this.next = sentence
    const wait = Math.max(0, this.quietUntil - Date.now())
    this.timer ??= setTimeout(() => this.speak(), wait)
  }

  private speak(): void {
    this.timer = undefined
    this.quietUntil = Date.now() + PAUSE_MS
    // The same sentence twice would not be read again.
    this.said = this.next === this.said ? `${this.next} ` : this.next
  }
}

export const announcer = new Announcer()
