/** What was loaded of one server query, kept current by what comes live. No reactivity here. */
import type { Ticket, TicketPage } from '../api/types'
import { compare } from './order'
import type { View } from './view'

type Asked = Pick<View, 'query' | 'order' | 'inSource'>

export class Source {
  readonly rows = new Map<string, Ticket>()
  /** Where the next page begins; undefined at the end and before the start. */
  next: string | undefined
  started = false
  /** The last ticket of the last page: what stands before it is known. */
  private last: Ticket | undefined

  constructor(readonly asked: Asked) {}

  get complete(): boolean {
    return this.started && this.next === undefined
  }

  addPage(page: TicketPage): void {
    this.started = true
    this.next = page.next
    this.last = page.tickets.at(-1) ?? this.last
    for (const ticket of page.tickets) this.put(ticket)
  }

  /** Takes a change in, and says whether it concerns what is loaded. */
  apply(ticket: Ticket): boolean {
    if (!this.asked.inSource(ticket)) return this.rows.delete(ticket.id)
    if (!this.rows.has(ticket.id) && !this.reaches(ticket)) return false
    return this.put(ticket)
  }

  remove(id: string): boolean {
    return this.rows.delete(id)
  }

  /** Begins anew: what was loaded may have holes. */
  reset(): void {
    this.rows.clear()
    this.next = undefined
    this.last = undefined
    this.started = false
  }

  /** Whether the loaded pages reach as far as this ticket; what lies beyond comes with its page. */
  private reaches(ticket: Ticket): boolean {
    if (this.complete || !this.started) return this.started
    if (this.asked.order === 'latest') return true
    return this.last !== undefined && compare(this.asked.order, ticket, this.last) <= 0
  }

  /** An older version never replaces a newer one: answers may overtake each other. */
  private put(ticket: Ticket): boolean {
    const known = this.rows.get(ticket.id)
    if (known && known.version > ticket.version) return false
    this.rows.set(ticket.id, ticket)
    return true
  }
}
