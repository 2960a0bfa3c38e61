/** What a change will do to a row, before the server says so, and what takes it back. */
import type { Change } from '../api/calls'
import type { Ticket } from '../api/types'
import { moment } from '../time/moment'
import { serverNow } from '../time/skew'
import { type Hold, holdWords } from './hold'
import { departmentName } from './names'

export function expected(ticket: Ticket, change: Change, me: string): Ticket {
  switch (change.kind) {
    case 'claim':
      return { ...ticket, assignee: me }
    case 'assign':
      return { ...ticket, assignee: change.to }
    case 'hold':
      return { ...ticket, hold: heldAs(change) }
    case 'release':
      return { ...ticket, hold: undefined }
    case 'resolve':
      return { ...ticket, status: 'resolved' }
    case 'reopen':
      return { ...ticket, status: 'open' }
    case 'relabel':
      return { ...ticket, label: change.label, labels: [change.label] }
    case 'move':
      return { ...ticket, department: change.department }
    case 'priority':
      return { ...ticket, priority: change.priority }
    case 'note':
    case 'reply':
      return ticket
  }
}

/** The change that takes `change` back; none for words that are out. */
export function inverse(before: Ticket, change: Change): Change | undefined {
  switch (change.kind) {
    case 'claim':
    case 'assign':
      return { kind: 'assign', to: before.assignee }
    case 'hold':
      return before.hold ? heldAgain(before.hold) : { kind: 'release' }
    case 'release':
      return before.hold && heldAgain(before.hold)
    case 'resolve':
      return { kind: 'reopen' }
    case 'reopen':
      return before.status === 'resolved' ? { kind: 'resolve' } : undefined
    case 'relabel':
      return { kind: 'relabel', label: before.label as Ticket['label'] }
    case 'move':
      return { kind: 'move', department: before.department }
    case 'priority':
      return { kind: 'priority', priority: before.priority }
    case 'note':
    case 'reply':
      return undefined
  }
}

/** Who else has the ticket, whom nobody takes it from by a mere claim. */
export const otherHolder = ({ assignee }: Ticket, me: string): string | undefined =>
  assignee !== null && assignee !== me ? assignee : undefined

/** Whether the change would leave the ticket as it is. */
export function isIdle(ticket: Ticket, change: Change, me: string): boolean {
  switch (change.kind) {
    case 'claim':
      return ticket.assignee === me
    case 'assign':
      return ticket.assignee === change.to
    case 'relabel':
      return ticket.label === change.label
    case 'move':
      return ticket.department === change.department
    case 'priority':
      return ticket.priority === change.priority
    case 'release':
      return !ticket.hold
    case 'resolve':
      return ticket.status !== 'open'
    case 'reopen':
      return ticket.status === 'open'
    default:
      return false
  }
}

function heldAs(change: Extract<Change, { kind: 'hold' }>): Hold {
  const { hold, until, approver } = change
  const since = new Date(serverNow()).toISOString()
  return { state: change.state ?? plainState(hold), kind: hold, since, until, approver }
}

/** What a state is called that has no name of its own. */
const plainState = (kind: Hold['kind']) => kind.replaceAll('_', '-')

/** A time that has passed brings nothing back; without one nothing can be put off. */
function heldAgain({ state: name, kind, until, approver }: Hold): Change | undefined {
  const state = name === plainState(kind) ? undefined : name
  const isPast = until !== undefined && Date.parse(until) <= serverNow()
  if (isPast && kind === 'snoozed') return undefined
  return { kind: 'hold', hold: kind, state, until: isPast ? undefined : until, approver }
}

/** What the toast says of it. */
export function said(ticket: Ticket, change: Change): string {
  const name = `#${ticket.id}`
  switch (change.kind) {
    case 'claim':
      return `You have ${name}`
    case 'assign':
      return change.to ? `${name} assigned to ${change.to}` : `Nobody has ${name} now`
    case 'hold':
      return `${name}: ${holdWords(heldAs(change)).toLowerCase()}${change.until ? ` until ${moment(change.until, serverNow())}` : ''}`
    case 'release':
      return `${name} is your turn again`
    case 'resolve':
      return `${name} resolved`
    case 'reopen':
      return `${name} reopened`
    case 'relabel':
      return `${name} relabelled`
    case 'move':
      return `${name} moved to ${departmentName(change.department)}`
    case 'priority':
      return `${name} is ${change.priority} now`
    case 'note':
      return `Note added to ${name}`
    case 'reply':
      return `Recorded, not sent: the reply to ${name}`
  }
}
