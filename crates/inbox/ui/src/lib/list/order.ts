/** In which order a list stands, and where a ticket has its place in it. */
import type { Ticket } from '../api/types'

export type Order = 'deadline' | 'latest'

/** Below 0 when `a` stands before `b`. No two tickets share a place. */
export function compare(order: Order, a: Ticket, b: Ticket): number {
  if (order === 'latest') return descending(a.updated_at, b.updated_at) || byNumber(b.id, a.id)
  const ours = a.deadline_at ?? ''
  const theirs = b.deadline_at ?? ''
  if (!ours || !theirs) return (ours ? 0 : 1) - (theirs ? 0 : 1) || byNumber(a.id, b.id)
  return Date.parse(ours) - Date.parse(theirs) || byNumber(a.id, b.id)
}

/** Ids are numbers in words, too long for a float: the shorter one is the smaller one. */
export function byNumber(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0)
}

const descending = (a: string, b: string) => Date.parse(b) - Date.parse(a)
