/** Collects what comes between two frames of the screen and hands it on just before the next
 * one is painted: nothing waits longer than it must, and nothing is drawn twice. */
export class Batch<T> {
  private waiting: T[] = []
  private cancel: (() => void) | undefined

  constructor(private readonly handle: (items: T[]) => void) {}

  add(item: T): void {
    this.waiting.push(item)
    this.cancel ??= beforeNextPaint(() => this.flush())
  }

  flush(): void {
    this.cancel?.()
    this.cancel = undefined
    const items = this.waiting
    this.waiting = []
    if (items.length > 0) this.handle(items)
  }
}

/** A tab that nobody sees paints nothing; it follows once a second, for its title and its counts. */
const UNSEEN_MS = 1_000

/** A frame may be called off with its tab, so the slow way is always there as well. */
function beforeNextPaint(run: () => void): () => void {
  const frame = requestAnimationFrame(run)
  const timer = setTimeout(run, UNSEEN_MS)
  return () => {
    cancelAnimationFrame(frame)
    clearTimeout(timer)
  }
}
