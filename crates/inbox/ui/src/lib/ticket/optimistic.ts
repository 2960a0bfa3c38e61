/** What a change will do to a row, before the server says so, and what takes it back. */
import type { Change } from '../api/calls'
import type { Ticket } from '../api/types'
import { departmentName } from './names'

export function expected(ticket: Ticket, change: Change, me: string): Ticket {
  switch (change.kind) {
    case 'claim':
      return { ...ticket, assignee: me }
    case 'assign':
      return { ...ticket, assignee: change.to }
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
    case 'resolve':
      return ticket.status !== 'open'
    case 'reopen':
      return ticket.status === 'open'
    default:
      return false
  }
}

/** What the toast says of it. */
export function said(ticket: Ticket, change: Change): string {
  const name = `#${ticket.id}`
  switch (change.kind) {
    case 'claim':
      return `You have ${name}`
    case 'assign':
      return change.to ? `${name} assigned to ${change.to}` : `Nobody has ${name} now`
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
      return `Reply to ${name} recorded`
  }
}
