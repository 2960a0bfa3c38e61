/** What can be taken back, newest last. */

/** As long as the toast that offers it stands, and a moment for a slow hand. */
const KEPT_MS = 10_000

/** Nobody takes back more than this in ten seconds. */
const KEPT_MAX = 20

interface Entry {
  at: number
  run: () => void
}

export class UndoStack {
  private entries: Entry[] = []

  push(run: () => void, now: number): () => void {
    const entry = { at: now, run }
    this.entries = [...this.entries, entry].slice(-KEPT_MAX)
    return () => this.take(entry)
  }

  /** Takes the newest change back; false when there is none young enough. */
  undo(now: number): boolean {
    this.entries = this.entries.filter((entry) => now - entry.at <= KEPT_MS)
    const entry = this.entries.at(-1)
    if (!entry) return false
    this.take(entry)
    return true
  }

  /** Each change is taken back at most once, by key or by button. */
  private take(entry: Entry): void {
    if (!this.entries.includes(entry)) return
    this.entries = this.entries.filter((other) => other !== entry)
    entry.run()
  }
}
