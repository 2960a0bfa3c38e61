/** Collects what comes in bursts and hands it on at most so often: fifty changes a second are
 * four redraws. */
export class Batch<T> {
  private waiting: T[] = []
  private timer: ReturnType<typeof setTimeout> | undefined

  constructor(
    private readonly everyMs: number,
    private readonly handle: (items: T[]) => void,
  ) {}

  add(item: T): void {
    this.waiting.push(item)
    this.timer ??= setTimeout(() => this.flush(), this.everyMs)
  }

  flush(): void {
    clearTimeout(this.timer)
    this.timer = undefined
    const items = this.waiting
    this.waiting = []
    if (items.length > 0) this.handle(items)
  }
}
