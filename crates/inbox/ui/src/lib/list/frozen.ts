/**
 * The list as it stands before somebody's eyes. Rows change in place; what is new waits
 * behind a pill and what left stays greyed, until the person asks, so nothing under the
 * cursor ever moves.
 */
import type { Ticket } from '../api/types'
import { compare, type Order } from './order'

export interface Frozen {
  /** Ids from top to bottom. */
  order: readonly string[]
  /** Belong here and are not shown yet. */
  arrived: ReadonlySet<string>
  /** Are shown and no longer belong here. */
  left: ReadonlySet<string>
}

export const NOTHING: Frozen = { order: [], arrived: new Set(), left: new Set() }

type Holds = (ticket: Ticket) => boolean

/** The order rarely changes and is asked at every change of any ticket. */
const sets = new WeakMap<readonly string[], ReadonlySet<string>>()

function shownOf(order: readonly string[]): ReadonlySet<string> {
  const set = sets.get(order) ?? new Set(order)
  sets.set(order, set)
  return set
}

/** Everything in its place, now. */
export function settle(tickets: Iterable<Ticket>, order: Order, holds: Holds): Frozen {
  const held = [...tickets].filter(holds).sort((a, b) => compare(order, a, b))
  return { ...NOTHING, order: held.map((ticket) => ticket.id) }
}

/** What a batch of changes does to a standing list; `has` tells whether an id still belongs. */
export function merge(
  frozen: Frozen,
  changed: Iterable<string>,
  has: (id: string) => boolean,
): Frozen {
  const shown = shownOf(frozen.order)
  const arrived = new Set(frozen.arrived)
  const left = new Set(frozen.left)
  for (const id of changed) {
    const belongs = has(id)
    if (shown.has(id)) set(left, id, !belongs)
    else set(arrived, id, belongs)
  }
  return { order: frozen.order, arrived, left }
}

/** The next page of the server's, which comes in order: it only makes the list longer. */
export function append(frozen: Frozen, page: Ticket[], holds: Holds): Frozen {
  const known = new Set([...frozen.order, ...frozen.arrived])
  const fresh = page.filter((ticket) => holds(ticket) && !known.has(ticket.id))
  return { ...frozen, order: [...frozen.order, ...fresh.map((ticket) => ticket.id)] }
}

/** Takes rows out that the person at the screen has just dealt with. */
export function without(frozen: Frozen, ids: ReadonlySet<string>): Frozen {
  const keep = (id: string) => !ids.has(id)
  return {
    order: frozen.order.filter(keep),
    arrived: new Set([...frozen.arrived].filter(keep)),
    left: new Set([...frozen.left].filter(keep)),
  }
}

/** Puts a row back where it was: an undone resolve. */
export function insert(frozen: Frozen, id: string, index: number): Frozen {
  if (frozen.order.includes(id)) return merge(frozen, [id], () => true)
  const order = [...frozen.order]
  order.splice(Math.min(index, order.length), 0, id)
  return { ...merge(frozen, [], () => true), order, arrived: minus(frozen.arrived, id) }
}

/** What the pill says; empty when there is nothing to say. */
export function pill(frozen: Frozen): string {
  const parts: string[] = []
  if (frozen.arrived.size > 0) parts.push(`${frozen.arrived.size} new`)
  if (frozen.left.size > 0) parts.push(`${frozen.left.size} done`)
  return parts.join(' · ')
}

function set(ids: Set<string>, id: string, belongs: boolean): void {
  if (belongs) ids.add(id)
  else ids.delete(id)
}

const minus = (ids: ReadonlySet<string>, id: string) =>
  new Set([...ids].filter((one) => one !== id))
