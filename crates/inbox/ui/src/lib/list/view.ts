/** The views: which tickets they show, and what they ask the server for. */
import type { Ticket } from '../api/types'
import { departmentName } from '../ticket/names'
import type { Order } from './order'

export interface View {
  /** Its address below `/`. */
  path: string
  title: string
  /** What the server is asked for; views with the same query share what was loaded. */
  query: Record<string, string>
  order: Order
  /** The server's part of the question, asked of a ticket that came live. */
  inSource: (ticket: Ticket) => boolean
  /** Whether the ticket belongs into the view. */
  holds: (ticket: Ticket, now: number) => boolean
  /** What the view says when nothing is in it. */
  empty: string
}

/** A ticket is breaching from a quarter of an hour before its deadline on. */
const BREACHING_MS = 15 * 60_000

const open = (ticket: Ticket) => ticket.status === 'open'
const all = () => true
const deadline = { status: 'open', sort: 'deadline' }

/** The default views leave chatter aside: it has a queue of its own and no clocks. */
const isChatter = (ticket: Ticket) => ticket.label === 'general' && !ticket.deadline_at

export function isBreaching(ticket: Ticket, now: number): boolean {
  return !!ticket.deadline_at && Date.parse(ticket.deadline_at) - now <= BREACHING_MS
}

export function fixedViews(me: string): View[] {
  const shared = { query: deadline, order: 'deadline' as const, inSource: open }
  return [
    {
      ...shared,
      path: 'inbox',
      title: 'Inbox',
      holds: (ticket) => !isChatter(ticket) && !ticket.hold,
      empty: 'Nothing waits for an answer.',
    },
    {
      path: 'mine',
      title: 'My tickets',
      query: { ...deadline, assignee: 'me' },
      order: 'deadline',
      inSource: (ticket) => open(ticket) && ticket.assignee === me,
      holds: all,
      empty: 'You hold no open ticket. Press i on one in the inbox to take it.',
    },
    {
      path: 'unassigned',
      title: 'Unassigned',
      query: { ...deadline, assignee: 'none' },
      order: 'deadline',
      inSource: (ticket) => open(ticket) && ticket.assignee === null,
      holds: (ticket) => !isChatter(ticket),
      empty: 'Every open ticket has somebody who works on it.',
    },
    {
      ...shared,
      path: 'breaching',
      title: 'Breaching',
      holds: isBreaching,
      empty: 'No deadline is missed or near.',
    },
    {
      ...shared,
      path: 'waiting',
      title: 'Waiting',
      holds: (ticket) => ticket.hold !== undefined,
      empty: 'No ticket waits for somebody, and none was put off. Press H on one to let it wait.',
    },
    {
      ...shared,
      path: 'all',
      title: 'All open',
      holds: all,
      empty: 'No ticket is open.',
    },
    {
      path: 'resolved',
      title: 'Resolved',
      query: { status: 'resolved', sort: 'newest' },
      order: 'latest',
      inSource: (ticket) => ticket.status === 'resolved',
      holds: all,
      empty: 'Nothing was resolved yet.',
    },
    {
      path: 'closed',
      title: 'Closed by itself',
      query: { status: 'closed', sort: 'newest' },
      order: 'latest',
      inSource: (ticket) => ticket.status === 'closed',
      holds: all,
      empty: 'The system closed nothing: no spam, no bare thank-you, no deleted post.',
    },
  ]
}

export function queueView(department: string): View {
  return {
    path: `queues/${department}`,
    title: departmentName(department),
    query: { ...deadline, department },
    order: 'deadline',
    inSource: (ticket) => open(ticket) && ticket.department === department,
    holds: all,
    empty: `Nothing waits for ${departmentName(department)}.`,
  }
}
