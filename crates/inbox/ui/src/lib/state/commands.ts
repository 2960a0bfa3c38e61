/** What every command does. The keys, the palette and the buttons all come here. */

import { SHORTCUTS } from '../keys/bindings'
import { router } from '../route/router.svelte'
import { departmentName } from '../ticket/names'
import { otherHolder } from '../ticket/optimistic'
import { askOtherAuthor } from './author_work'
import { choose } from './choices'
import { dialogs } from './dialog.svelte'
import { inbox } from './inbox.svelte'
import { preferences } from './preferences.svelte'
import { toasts } from './toasts.svelte'
import { askMerge, askSplit, askUnmerge } from './regroup_choices'
import { perform, performAndNext, seen, undo } from './work.svelte'

/** What only the components can do. */
export interface Hands {
  search(): void
  focusList(): void
  moveIncident(by: 1 | -1): void
  write(kind: 'reply' | 'note'): void
  showAuthor(): void
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
  if (command === 'author' || command === 'proof') {
    look(command, id, hands)
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
  } else if (command === 'link') askOtherAuthor(id)
  else if (command === 'merge') askMerge(id)
  else if (command === 'unmerge') askUnmerge(id)
  else if (command === 'split') askSplit(id)
  else choose(command, id)
}

/** Reading is allowed to everybody, also while the server is away. */
function look(command: 'author' | 'proof', id: string, hands: Hands): void {
  if (command === 'proof') {
    dialogs.open = { kind: 'proof', ticket: id }
    return
  }
  open(id)
  if (!preferences.context) preferences.toggleContext()
  void hands.afterwards().then(() => hands.showAuthor())
}

/** What a colleague has is given over knowingly, with `a`. */
function claim(id: string): void {
  const ticket = seen(id)
  const holder = ticket && otherHolder(ticket, inbox.session?.name ?? '')
  if (holder) toasts.show(`${holder} has #${id}. Press a to give it to yourself.`)
  else void perform(id, { kind: 'claim' })
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
    { value: 'link', title: 'Link the author with another account …', note: 'author' },
    { value: 'theme', title: 'Light or dark', note: 'page' },
    { value: 'density', title: 'Row density', note: 'page' },
  ]
  dialogs.choose({
    title: 'What do you want to do?',
    choices: [...commands, ...queues, ...page],
    filter: true,
    choose: (command) => run(command, hands),
  })
}
