/** The only timer of the page: one tick a second, on the second of the server's clock. */
import { serverNow } from './skew'

class PageClock {
  /** The server's time at the last tick, in milliseconds. */
  now = $state(serverNow())

  start(): () => void {
    let timer = 0
    const tick = () => {
      this.now = serverNow()
      timer = window.setTimeout(tick, 1000 - (this.now % 1000))
    }
    tick()
    return () => window.clearTimeout(timer)
  }
}

export const clock = new PageClock()
