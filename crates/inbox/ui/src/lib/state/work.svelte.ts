/** Changes of tickets: shown at once, sent, and taken back when the server or the person says so. */

import type { Change } from '../api/calls'
import * as api from '../api/calls'
import { Problem } from '../api/client'
import type { Ticket } from '../api/types'
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
    await takeBack(before, change, index, error)
    return false
  }
}

/** Takes the newest change back; says so when there is none. */
export function undo(): void {
  if (!undone.undo(Date.now())) toasts.show('There is nothing to undo.')
}

/** A note harms nobody's work, so it needs no version; everything else names what was seen. */
async function send(before: Ticket, change: Change): Promise<Ticket> {
  try {
    return await api.change(before.id, change.kind === 'note' ? undefined : before.version, change)
  } catch (error) {
    const current = error instanceof Problem ? error.current : undefined
    if (!current || !looksTheSame(before, current)) throw error
    return api.change(before.id, current.version, change)
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

function show(ticket: Ticket): void {
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
  let toast = 0
  const run = undone.push(() => {
    toasts.dismiss(toast)
    void revert(before, after, back, index)
  }, Date.now())
  toast = toasts.show(said(before, change), 'done', { title: 'Undo', run })
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

async function takeBack(
  before: Ticket,
  change: Change,
  index: number,
  error: Problem,
): Promise<void> {
  const current = error.current ?? before
  inbox.list.restore(current, Math.max(0, index))
  const { detail } = opened
  if (detail?.id === before.id) opened.detail = { ...detail, ...current }
  if (error.status === 409) await explainConflict(before.id, error)
  else {
    const again = error.offline
      ? { title: 'Try again', run: () => void perform(before.id, change) }
      : undefined
    const id = error.requestId ? ` (request ${error.requestId})` : ''
    toasts.show(`#${before.id} was not changed: ${error.message}${id}`, 'failed', again)
  }
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
