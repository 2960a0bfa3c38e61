/** What every command does. The keys, the palette and the buttons all come here. */

import type { Change } from '../api/calls'
import type { Ticket } from '../api/types'
import { SHORTCUTS } from '../keys/bindings'
import { router } from '../route/router.svelte'
import { HOLDS, type HoldKind } from '../ticket/hold'
import { capital, departmentName, LABELS, labelName, PRIORITIES } from '../ticket/names'
import { otherHolder } from '../ticket/optimistic'
import { type Later, laterChoices, typedLater } from '../time/later'
import { moment } from '../time/moment'
import { serverNow } from '../time/skew'
import { dialogs } from './dialog.svelte'
import { inbox } from './inbox.svelte'
import { preferences } from './preferences.svelte'
import { toasts } from './toasts.svelte'
import { perform, seen, undo } from './work.svelte'

/** What only the components can do. */
export interface Hands {
  search(): void
  focusList(): void
  moveIncident(by: 1 | -1): void
  write(kind: 'reply' | 'note'): void
  afterwards(): Promise<void>
}

export function run(command: string, hands: Hands): void {
  if (command.startsWith('go ')) {
    go(command.slice(3))
    return
  }
  const plain: Record<string, () => void> = {
    next: () => move(1, hands),
    previous: () => move(-1, hands),
    open: () => open(inbox.cursor || inbox.list.ids[0]),
    back: () => back(hands),
    search: () => hands.search(),
    settle: () => inbox.list.settle(),
    undo,
    palette: () => palette(hands),
    help: () => {
      dialogs.open = { kind: 'help' }
    },
    'toggle-views': () => preferences.toggleViews(),
    'toggle-context': () => preferences.toggleContext(),
    theme: () => preferences.toggleTheme(),
    density: () => preferences.toggleDensity(),
  }
  const known = plain[command]
  if (known) known()
  else onTicket(command, hands)
}

function go(where: string): void {
  if (where === 'incidents') router.go({ page: 'incidents' })
  else router.go({ page: 'list', view: where })
}

/** With a ticket open, the right pane follows the keys; the way back stays one step. */
function move(by: 1 | -1, hands: Hands): void {
  if (router.route.page === 'incidents') {
    hands.moveIncident(by)
    return
  }
  const { before, after } = inbox.list.beside(inbox.cursor)
  const isShown = inbox.list.ids.includes(inbox.cursor)
  const id = (by > 0 ? after : before) ?? (isShown ? inbox.cursor : (after ?? before))
  if (!id) return
  inbox.cursor = id
  const { route } = router
  if (route.page === 'list' && route.ticket) router.adjust({ ...route, ticket: id })
}

function open(id: string | undefined): void {
  const { route } = router
  if (id && route.page === 'list') router.go({ ...route, ticket: id })
}

function back(hands: Hands): void {
  const { route } = router
  if (route.page === 'incident') router.go({ page: 'incidents' })
  if (route.page !== 'list') return
  if (route.ticket) router.go({ page: 'list', view: route.view })
  else inbox.list.search = ''
  void hands.afterwards().then(() => hands.focusList())
}

function onTicket(command: string, hands: Hands): void {
  if (router.route.page !== 'list') return
  const id = router.route.ticket ?? inbox.cursor
  if (!id || !seen(id)) {
    toasts.show('Choose a ticket first: J and K move.')
    return
  }
  const isWriting = command === 'reply' || command === 'note'
  if (!inbox.mayWork || (inbox.offline && !isWriting)) {
    toasts.show(
      inbox.offline ? 'Offline: read only until the server is back.' : 'Your role may only read.',
      'failed',
    )
    return
  }
  if (command === 'resolve') performAndNext(id, { kind: 'resolve' })
  else if (command === 'release') void perform(id, { kind: 'release' })
  else if (command === 'claim') claim(id)
  else if (command === 'reopen') void perform(id, { kind: 'reopen' })
  else if (isWriting) {
    open(id)
    void hands.afterwards().then(() => hands.write(command))
  } else choose(command, id)
}

/** The next ticket is decided before the row goes; one that has left the view keeps its place. */
function performAndNext(id: string, change: Change): void {
  const { before, after } = inbox.list.beside(id)
  const next = after ?? before
  void perform(id, change)
  inbox.cursor = next ?? ''
  const { route } = router
  if (route.page === 'list' && route.ticket) router.adjust({ ...route, ticket: next })
}

/** What a colleague has is given over knowingly, with `a`. */
function claim(id: string): void {
  const ticket = seen(id)
  const holder = ticket && otherHolder(ticket, inbox.session?.name ?? '')
  if (holder) toasts.show(`${holder} has #${id}. Press a to give it to yourself.`)
  else void perform(id, { kind: 'claim' })
}

function choose(command: string, id: string): void {
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
  const kinds = HOLDS.map(({ kind, title, note }, index) => ({
    value: kind,
    title,
    note,
    keys: String(index + 1),
    current: ticket.hold?.kind === kind,
  }))
  ask(`#${id} has to wait`, ticket.hold ? [back, ...kinds] : kinds, false, (value) => {
    if (value === 'back') void perform(id, { kind: 'release' })
    else if (value === 'approval') askApprover(id, ticket)
    else askTime(id, value as HoldKind)
  })
}

function askApprover(id: string, ticket: Ticket): void {
  const others = inbox.departments.filter((department) => department !== ticket.department)
  const choices = others.map((department) => ({
    value: department,
    title: departmentName(department),
    current: ticket.hold?.approver === department,
  }))
  ask(`Who has to agree to #${id}`, choices, true, (approver) =>
    performAndNext(id, { kind: 'hold', hold: 'approval', approver }),
  )
}

/** Only what is put off needs a time; the rest comes back when somebody writes. */
function askTime(id: string, kind: HoldKind): void {
  const now = serverNow()
  const asChoice = ({ title, at }: Later) => ({
    value: new Date(at).toISOString(),
    title,
    note: moment(new Date(at).toISOString(), now),
  })
  const open = { value: '', title: 'Without a time', note: 'until it goes on' }
  const times = laterChoices(now).map(asChoice)
  dialogs.open = {
    kind: 'choice',
    title: kind === 'snoozed' ? `Put #${id} off until: 2h, 14:30, …` : `#${id} waits until: 2h, 14:30, …`,
    choices: kind === 'snoozed' ? times : [open, ...times],
    filter: true,
    typed: (words) => {
      const later = typedLater(words, serverNow())
      return later && asChoice(later)
    },
    choose: (until) => performAndNext(id, { kind: 'hold', hold: kind, until: until || undefined }),
  }
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
  choices: import('./dialog.svelte').Choice[],
  filter: boolean,
  choose: (value: string) => unknown,
): void {
  dialogs.open = { kind: 'choice', title, choices, filter, choose: (value) => void choose(value) }
}

/** Every command with its shortcut, so that whoever looks it up learns the key. */
function palette(hands: Hands): void {
  const commands = SHORTCUTS.filter((shortcut) => !shortcut.onlyKey).map(
    ({ command, title, keys, group }) => ({
      value: command,
      title,
      keys,
      note: group === 'Go to' ? 'view' : undefined,
    }),
  )
  const queues = inbox.departments.map((department) => ({
    value: `go queues/${department}`,
    title: departmentName(department),
    note: 'queue',
  }))
  const page = [
    { value: 'theme', title: 'Light or dark', note: 'page' },
    { value: 'density', title: 'Row density', note: 'page' },
  ]
  ask('What do you want to do?', [...commands, ...queues, ...page], true, (command) =>
    run(command, hands),
  )
}
