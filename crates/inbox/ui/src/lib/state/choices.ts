/** What a command has to ask first: a label, a department, a person, a time. */
import type { Ticket } from '../api/types'
import { HOLD_SAYS, type HoldChoice, holdChoices } from '../ticket/hold'
import { capital, departmentName, LABELS, labelName, PRIORITIES } from '../ticket/names'
import { type Later, laterChoices, typedLater } from '../time/later'
import { moment } from '../time/moment'
import { serverNow } from '../time/skew'
import { type Choice, dialogs } from './dialog.svelte'
import { inbox } from './inbox.svelte'
import { perform, performAndNext, seen } from './work.svelte'

export function choose(command: string, id: string): void {
  const ticket = seen(id)
  if (!ticket) return
  if (command === 'relabel') {
    const choices = LABELS.map((label, index) => ({
      value: label,
      title: labelName(label),
      keys: String(index + 1),
      current: ticket.label === label,
    }))
    ask(`Label of #${id}`, choices, false, (label) =>
      perform(id, { kind: 'relabel', label: label as (typeof LABELS)[number] }),
    )
  }
  if (command === 'priority') {
    const choices = PRIORITIES.map((priority, index) => ({
      value: priority,
      title: capital(priority),
      keys: String(index + 1),
      current: ticket.priority === priority,
    }))
    ask(`Priority of #${id}`, choices, false, (priority) =>
      perform(id, { kind: 'priority', priority: priority as (typeof PRIORITIES)[number] }),
    )
  }
  if (command === 'move') {
    const choices = inbox.departments.map((department) => ({
      value: department,
      title: departmentName(department),
      current: ticket.department === department,
    }))
    ask(`Move #${id} to a department`, choices, true, (department) =>
      perform(id, { kind: 'move', department }),
    )
  }
  if (command === 'assign') assign(id, ticket.assignee)
  if (command === 'hold') hold(id, ticket)
}

/** What it waits for first, then until when; a department that has to agree takes no time. */
function hold(id: string, ticket: Ticket): void {
  const back = { value: 'back', title: 'It is our turn again', keys: '0' }
  const offered = holdChoices(inbox.states)
  const kinds = offered.map(({ kind, state, title, note }, index) => ({
    value: String(index),
    title,
    note,
    // Only the digits are keys.
    keys: index < 9 ? String(index + 1) : undefined,
    current: ticket.hold?.kind === kind && ticket.hold.state === (state ?? kind.replaceAll('_', '-')),
  }))
  dialogs.choose({
    title: `#${id} has to wait`,
    says: ticket.clocks.some(({ stopped }) => !stopped) ? [HOLD_SAYS] : [],
    choices: ticket.hold ? [back, ...kinds] : kinds,
    filter: false,
    choose: (value) => {
      const chosen = offered[Number(value)]
      if (value === 'back') void perform(id, { kind: 'release' })
      else if (chosen?.kind === 'approval') askApprover(id, ticket, chosen)
      else if (chosen) askTime(id, chosen)
    },
  })
}

type Chosen = HoldChoice & { state?: string }

function askApprover(id: string, ticket: Ticket, { state }: Chosen): void {
  const others = inbox.departments.filter((department) => department !== ticket.department)
  const choices = others.map((department) => ({
    value: department,
    title: departmentName(department),
    current: ticket.hold?.approver === department,
  }))
  ask(`Who has to agree to #${id}`, choices, true, (approver) =>
    performAndNext(id, { kind: 'hold', hold: 'approval', state, approver }),
  )
}

/** Only what is put off needs a time; the rest comes back when somebody writes. */
function askTime(id: string, { kind, state }: Chosen): void {
  const now = serverNow()
  const asChoice = ({ title, at }: Later) => ({
    value: new Date(at).toISOString(),
    title,
    note: moment(new Date(at).toISOString(), now),
  })
  const open = { value: '', title: 'Without a time', note: 'until it goes on' }
  const times = laterChoices(now).map(asChoice)
  dialogs.choose({
    title: kind === 'snoozed' ? `Put #${id} off until: 2h, 14:30, …` : `#${id} waits until: 2h, 14:30, …`,
    choices: kind === 'snoozed' ? times : [open, ...times],
    filter: true,
    typed: (words) => {
      const later = typedLater(words, serverNow())
      return later && asChoice(later)
    },
    none: 'That is no time: 45m, 2h, 3d, 14:30 and tomorrow 9:00 are.',
    choose: (until) => performAndNext(id, { kind: 'hold', hold: kind, state, until: until || undefined }),
  })
}

/** `to ` before a name, so that nobody called "nobody" is in the way. */
function assign(id: string, holder: string | null): void {
  const me = inbox.session?.name
  const names = inbox.people.map((person) => person.name)
  const known = me && !names.includes(me) ? [{ name: me }, ...inbox.people] : inbox.people
  const people = [...known].sort((a, b) => Number(b.name === me) - Number(a.name === me))
  const choices = people.map((person) => ({
    value: `to ${person.name}`,
    title: person.name === me ? `${person.name} (you)` : person.name,
    note: person.departments?.join(', ') || person.role,
    current: holder === person.name,
  }))
  const nobody = {
    value: 'nobody',
    title: 'Nobody',
    note: 'give it back',
    current: holder === null,
  }
  ask(`Assign #${id} to`, [...choices, nobody], true, (value) =>
    perform(id, { kind: 'assign', to: value === 'nobody' ? null : value.slice(3) }),
  )
}

function ask(
  title: string,
  choices: Choice[],
  filter: boolean,
  choose: (value: string) => unknown,
): void {
  dialogs.choose({ title, choices, filter, choose: (value) => void choose(value) })
}
