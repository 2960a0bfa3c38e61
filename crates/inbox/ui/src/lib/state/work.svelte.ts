/** Changes of tickets: shown at once, sent, and taken back when the server or the person says so. */

import type { Change } from '../api/calls'
import * as api from '../api/calls'
import { Problem } from '../api/client'
import type { Ticket } from '../api/types'
import { router } from '../route/router.svelte'
import { expected, inverse, isIdle, said } from '../ticket/optimistic'
import { lastChange } from '../ticket/story'
import { inbox } from './inbox.svelte'
import { opened } from './opened.svelte'
import { toasts } from './toasts.svelte'
import { UndoStack } from './undo'

const undone = new UndoStack()

/** The ticket as the person sees it: of the list, or of the right pane. */
export function seen(id: string): Ticket | undefined {
  const row = inbox.list.row(id)
  const { detail } = opened
  if (detail?.id !== id) return row
  return row && row.version >= detail.version ? row : detail
}

/** The ticket as the server has it; says so when it cannot be had. */
export async function readTicket(id: string): Promise<Ticket | undefined> {
  try {
    return await api.ticket(id)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    toasts.show(`#${id} could not be read: ${error.message}`, 'failed')
    return undefined
  }
}

/** False when the server refused or could not be reached; what was typed must then stay. */
export async function perform(id: string, change: Change): Promise<boolean> {
  const before = seen(id)
  if (!before || isIdle(before, change, inbox.session?.name ?? '')) return false
  const index = inbox.list.ids.indexOf(id)
  show(expected(before, change, inbox.session?.name ?? ''))
  try {
    const after = await send(before, change)
    show(after)
    opened.outdated(after)
    if (opened.id === id) opened.refresh()
    offerUndo(before, after, change, index)
    return true
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    await refused(before, index, error, () => void perform(id, change))
    return false
  }
}

/** The next ticket is decided before the row goes; one that has left the view keeps its place. */
export function performAndNext(id: string, change: Change): void {
  const { before, after } = inbox.list.beside(id)
  const next = after ?? before
  void perform(id, change)
  inbox.cursor = next ?? ''
  const { route } = router
  if (route.page === 'list' && route.ticket) router.adjust({ ...route, ticket: next })
}

/** Takes the newest change back; says so when there is none. */
export function undo(): void {
  if (!undone.undo(Date.now())) toasts.show('There is nothing to undo.')
}

/** A note harms nobody's work, so it needs no version; everything else names what was seen. */
function send(before: Ticket, change: Change): Promise<Ticket> {
  if (change.kind === 'note') return api.change(before.id, undefined, change)
  return onVersion(before, (version) => api.change(before.id, version, change))
}

/** Once more on the current version, when nothing has changed that anybody sees. */
export async function onVersion<T>(
  before: Ticket,
  attempt: (version: number) => Promise<T>,
): Promise<T> {
  try {
    return await attempt(before.version)
  } catch (error) {
    const current = error instanceof Problem ? error.current : undefined
    if (!current || !looksTheSame(before, current)) throw error
    return attempt(current.version)
  }
}

/** A clock that warned makes a new version too; nobody needs to be asked because of that. */
function looksTheSame(before: Ticket, current: Ticket): boolean {
  const facts = ({ assignee, status, label, priority, department, mention_count, hold }: Ticket) =>
    JSON.stringify([assignee, status, label, priority, department, mention_count, hold])
  return (
    facts(before) === facts(current) &&
    current.version !== before.version &&
    !hasAnswer(before, current)
  )
}

const hasAnswer = (before: Ticket, current: Ticket) =>
  current.clocks.filter((clock) => clock.stopped).length !==
  before.clocks.filter((clock) => clock.stopped).length

/** Puts a ticket as it is now before the person, wherever it stands. */
export function show(ticket: Ticket): void {
  inbox.list.put(ticket)
  inbox.list.drop(ticket.id)
  const { detail } = opened
  if (detail?.id === ticket.id) opened.detail = { ...detail, ...ticket, version: detail.version }
}

function offerUndo(before: Ticket, after: Ticket, change: Change, index: number): void {
  const back = inverse(before, change)
  if (!back) {
    toasts.show(said(before, change))
    return
  }
  offer(said(before, change), () => void revert(before, after, back, index))
}

/** Says what was done, with a way back by key or button. */
export function offer(words: string, takeBackNow: () => void): void {
  let toast = 0
  const run = undone.push(() => {
    toasts.dismiss(toast)
    takeBackNow()
  }, Date.now())
  toast = toasts.show(words, 'done', { title: 'Undo', run })
}

async function revert(before: Ticket, after: Ticket, back: Change, index: number): Promise<void> {
  const current = seen(after.id) ?? after
  try {
    const now = await send({ ...current, version: Math.max(current.version, after.version) }, back)
    inbox.list.restore(now, Math.max(0, index))
    opened.outdated(now)
    if (opened.id === now.id) opened.refresh()
    toasts.show(`Undone: #${before.id} is as it was`)
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    if (error.current) inbox.list.restore(error.current, Math.max(0, index))
    toasts.show(`Could not be undone: ${error.message}`, 'failed')
  }
}

/** The ticket as it is, and why it was not changed; `again` is offered when nobody answered. */
export async function refused(
  before: Ticket,
  index: number,
  error: Problem,
  again?: () => void,
): Promise<void> {
  const current = error.current ?? before
  inbox.list.restore(current, Math.max(0, index))
  const { detail } = opened
  if (detail?.id === before.id) opened.detail = { ...detail, ...current }
  if (error.status === 409) {
    await explainConflict(before.id, error)
    return
  }
  const retry = error.offline && again ? { title: 'Try again', run: again } : undefined
  const id = error.requestId ? ` (request ${error.requestId})` : ''
  toasts.show(`#${before.id} was not changed: ${error.message}${id}`, 'failed', retry)
}

/** Who was faster, and with what: the person decides anew on the current state. */
async function explainConflict(id: string, error: Problem): Promise<void> {
  if (opened.id !== id) {
    toasts.show(`#${id} was not changed: ${error.message}`, 'failed')
    return
  }
  opened.conflict = { message: error.message }
  const detail = await opened.read()
  if (detail && opened.id === id)
    opened.conflict = { message: error.message, ...lastChange(detail) }
}
