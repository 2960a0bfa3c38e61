/** The list on the screen: the view, the rows before somebody's eyes, and what is loaded. */
import { tickets as fetchTickets, PAGE_SIZE } from '../api/calls'
import { Problem } from '../api/client'
import type { Ticket } from '../api/types'
import { serverNow } from '../time/skew'
import { type Beside, beside } from './beside'
import * as frozen from './frozen'
import { matcher } from './search'
import { Source } from './source'
import type { View } from './view'

/** Views whose rows stay at hand; the one not looked at for longest goes first. */
const SOURCES_MAX = 6

/** Pages loaded without being scrolled to, so that counts and search know most of a usual day. */
const AHEAD_PAGES = 3

/** A changed row is marked for so long. */
const FLASH_MS = 1_600

export class TicketList {
  view = $state.raw<View>()
  standing = $state.raw<frozen.Frozen>(frozen.NOTHING)
  /** Counts every change of any row: what depends on rows reads it. */
  revision = $state(0)
  loading = $state<'no' | 'first' | 'more'>('no')
  problem = $state.raw<Problem>()
  search = $state('')
  flashing = $state.raw<ReadonlySet<string>>(new Set())

  private readonly sources = new Map<string, Source>()
  private readonly rows = new Map<string, Ticket>()
  /** Where rows stood that were dealt with and went, so that the way goes on from there. */
  private readonly places = new Map<string, number>()

  /** Ids on the screen, from top to bottom. */
  readonly ids = $derived.by(() => this.searched())

  row(id: string): Ticket | undefined {
    void this.revision
    return this.rows.get(id) ?? this.source()?.rows.get(id)
  }

  /** Its neighbours on the screen, also of a row that `drop` has taken out. */
  beside(id: string): Beside {
    return beside(this.ids, id, this.places.get(id))
  }

  get complete(): boolean {
    void this.revision
    return this.source()?.complete ?? false
  }

  /** How many tickets a view holds; undefined where that is not known, `more` where at least so many. */
  count(view: View): { number: number; more: boolean } | undefined {
    void this.revision
    const source = this.sources.get(keyOf(view))
    if (!source?.started) return undefined
    const now = serverNow()
    let number = 0
    for (const ticket of source.rows.values()) if (view.holds(ticket, now)) number += 1
    return { number, more: !source.complete }
  }

  async show(view: View): Promise<void> {
    if (this.view?.path === view.path) return
    this.view = view
    this.search = ''
    this.problem = undefined
    this.rows.clear()
    this.places.clear()
    const source = this.sourceOf(view)
    if (source.started) this.settle()
    else {
      this.standing = frozen.NOTHING
      await this.load(source, 'first')
    }
    await this.ahead(source)
  }

  /** Loads a view's rows without showing them, for its count. */
  async prepare(view: View): Promise<void> {
    const source = this.sourceOf(view)
    if (source.started || source === this.source()) return
    do {
      const from = source.next
      const page = await fetchTickets(view.query, from)
      // Meanwhile somebody may have opened the view, or the stream begun anew.
      if (source === this.source() || source.next !== from) return
      source.addPage(page)
      this.revision += 1
    } while (source.next && source.rows.size < AHEAD_PAGES * PAGE_SIZE)
  }

  /** Everything new in, everything done out, all in order. */
  settle(): void {
    const { view } = this
    const source = this.source()
    if (!view || !source) return
    this.standing = frozen.settle(source.rows.values(), view.order, this.holds(view))
    this.rows.clear()
    this.places.clear()
    for (const id of this.standing.order) this.keep(source.rows.get(id))
    this.revision += 1
  }

  async more(): Promise<void> {
    const source = this.source()
    if (source?.next && this.loading === 'no') await this.load(source, 'more')
  }

  async retry(): Promise<void> {
    const source = this.source()
    if (source) await this.load(source, source.started ? 'more' : 'first')
  }

  /** The stream could not tell what happened: read again, leave the screen until it is there. */
  async resync(): Promise<void> {
    for (const source of this.sources.values()) source.reset()
    const source = this.source()
    if (!source) return
    await this.load(source, 'more')
    await this.ahead(source)
    if (!this.problem) this.settle()
  }

  /** Changes that came live. Rows change where they stand. */
  apply(tickets: Ticket[], gone: string[]): void {
    for (const source of this.sources.values()) {
      for (const ticket of tickets) source.apply(ticket)
      for (const id of gone) source.remove(id)
    }
    for (const ticket of tickets) this.keep(ticket, true)
    const changed = [...tickets.map((ticket) => ticket.id), ...gone]
    this.merge(changed)
    this.flash(changed.filter((id) => this.rows.has(id)))
  }

  /** A change of the person at the screen, before the server has said so; no version grows. */
  put(ticket: Ticket): void {
    for (const source of this.sources.values()) {
      if (source.asked.inSource(ticket)) source.rows.set(ticket.id, ticket)
      else source.rows.delete(ticket.id)
    }
    this.rows.set(ticket.id, ticket)
    this.merge([ticket.id])
  }

  /** Takes a row that was dealt with out of the list, when it does not belong there any more. */
  drop(id: string): void {
    if (this.belongs(id)) return
    const at = this.ids.indexOf(id)
    if (at >= 0) this.places.set(id, at)
    this.standing = frozen.without(this.standing, new Set([id]))
  }

  /** Back to its place, after an undo. */
  restore(ticket: Ticket, index: number): void {
    this.put(ticket)
    if (this.belongs(ticket.id)) this.standing = frozen.insert(this.standing, ticket.id, index)
  }

  private merge(changed: string[]): void {
    const arrivedAtEmpty = this.standing.order.length === 0
    this.standing = frozen.merge(this.standing, changed, (id) => this.belongs(id))
    this.revision += 1
    // In an empty list nothing can move.
    if (arrivedAtEmpty && this.standing.arrived.size > 0) this.settle()
  }

  private belongs(id: string): boolean {
    const ticket = this.source()?.rows.get(id)
    return !!ticket && !!this.view && this.view.holds(ticket, serverNow())
  }

  /** Keeps the newest version of a row that is shown, even when it has left the view. */
  private keep(ticket: Ticket | undefined, onlyKnown = false): void {
    if (!ticket) return
    const known = this.rows.get(ticket.id)
    if (onlyKnown && !known) return
    if (!known || known.version <= ticket.version) this.rows.set(ticket.id, ticket)
  }

  private flash(ids: string[]): void {
    if (ids.length === 0) return
    this.flashing = new Set([...this.flashing, ...ids])
    setTimeout(() => {
      const over = new Set(ids)
      this.flashing = new Set([...this.flashing].filter((id) => !over.has(id)))
    }, FLASH_MS)
  }

  private searched(): readonly string[] {
    const { order } = this.standing
    if (this.search.trim() === '') return order
    const matches = matcher(this.search)
    return order.filter((id) => {
      const ticket = this.row(id)
      return ticket !== undefined && matches(ticket)
    })
  }

  private async load(source: Source, what: 'first' | 'more'): Promise<void> {
    this.loading = what
    this.problem = undefined
    try {
      const page = await fetchTickets(source.asked.query, source.next)
      source.addPage(page)
      if (source === this.source()) this.showPage(source, page.tickets, what)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      if (source === this.source()) this.problem = error
    } finally {
      this.loading = 'no'
    }
  }

  private showPage(source: Source, page: Ticket[], what: 'first' | 'more'): void {
    const { view } = this
    if (!view) return
    if (what === 'first' || view.order === 'latest') {
      this.settle()
      return
    }
    this.standing = frozen.append(this.standing, page, this.holds(view))
    for (const ticket of page) this.keep(source.rows.get(ticket.id))
    this.revision += 1
  }

  private async ahead(source: Source): Promise<void> {
    const wanted = AHEAD_PAGES * PAGE_SIZE
    while (source.next && source.rows.size < wanted && source === this.source() && !this.problem) {
      await this.load(source, 'more')
    }
  }

  private readonly holds = (view: View) => {
    const now = serverNow()
    return (ticket: Ticket) => view.holds(ticket, now)
  }

  private source(): Source | undefined {
    return this.view && this.sources.get(keyOf(this.view))
  }

  private sourceOf(view: View): Source {
    const key = keyOf(view)
    const source = this.sources.get(key) ?? new Source(view)
    this.sources.delete(key)
    this.sources.set(key, source)
    for (const oldest of this.sources.keys()) {
      if (this.sources.size <= SOURCES_MAX) break
      this.sources.delete(oldest)
    }
    return source
  }
}

const keyOf = (view: View) => new URLSearchParams(view.query).toString()
