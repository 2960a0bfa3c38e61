/** The ticket in the right pane: its row at once, its posts and its story as soon as they come. */
import { ticket as fetchTicket } from '../api/calls'
import { Problem } from '../api/client'
import type { Ticket, TicketDetail } from '../api/types'

/** While somebody runs through the list with `j`, nothing is fetched for what flies by. */
const SETTLE_MS = 120

/** Tickets whose details stay at hand for going back to them. */
const KEPT_MAX = 30

export interface Conflict {
  /** What was wanted, and what the server said. */
  message: string
  who?: string
  what?: string
  at?: string
}

class Opened {
  id = $state('')
  detail = $state.raw<TicketDetail>()
  problem = $state.raw<Problem>()
  conflict = $state.raw<Conflict>()

  private readonly kept = new Map<string, TicketDetail>()
  private timer: ReturnType<typeof setTimeout> | undefined
  private reading: AbortController | undefined
  /** Counts readings; the last one tells whoever waited for one that it overtook. */
  private turn = 0
  private latest: Promise<TicketDetail | undefined> | undefined

  open(id: string): void {
    if (id === this.id) return
    this.id = id
    this.problem = undefined
    this.conflict = undefined
    this.detail = this.kept.get(id)
    this.refresh(this.detail ? 2 * SETTLE_MS : SETTLE_MS)
  }

  close(): void {
    this.id = ''
    this.detail = undefined
    clearTimeout(this.timer)
    this.reading?.abort()
  }

  /** Reads the ticket again, soon; several wishes are one. */
  refresh(inMs = SETTLE_MS): void {
    clearTimeout(this.timer)
    this.timer = setTimeout(() => void this.read(), inMs)
  }

  /** A newer row came in; the story behind it is read. */
  outdated(ticket: Ticket): void {
    if (ticket.id !== this.id) return
    if (this.detail && this.detail.version < ticket.version) {
      this.detail = { ...this.detail, ...ticket }
      this.refresh()
    }
  }

  /** The ticket as it is now; undefined when it could not be had, or nobody looks any more. */
  read(): Promise<TicketDetail | undefined> {
    this.turn += 1
    this.latest = this.ask(this.turn)
    return this.latest
  }

  private async ask(turn: number): Promise<TicketDetail | undefined> {
    const { id } = this
    if (!id) return undefined
    this.reading?.abort()
    const reading = new AbortController()
    this.reading = reading
    try {
      const detail = await fetchTicket(id, reading.signal)
      this.keep(detail)
      if (this.id === id) {
        this.detail = detail
        this.problem = undefined
      }
      return detail
    } catch (error) {
      if (reading.signal.aborted && this.id === id && this.turn > turn) return this.latest
      if (error instanceof Problem && this.id === id) this.problem = error
      return undefined
    }
  }

  private keep(detail: TicketDetail): void {
    this.kept.delete(detail.id)
    this.kept.set(detail.id, detail)
    const oldest = this.kept.keys().next().value
    if (this.kept.size > KEPT_MAX && oldest !== undefined) this.kept.delete(oldest)
  }
}

export const opened = new Opened()
