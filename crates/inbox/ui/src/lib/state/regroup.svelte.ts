/** Posts that change places: two tickets change at once, and one undo brings both back. */
import * as api from '../api/calls'
import { Problem } from '../api/client'
import type { Mention, Regrouped, Ticket } from '../api/types'
import { router } from '../route/router.svelte'
import { inbox } from './inbox.svelte'
import { opened } from './opened.svelte'
import { toasts } from './toasts.svelte'
import { offer, onVersion, refused, seen, show } from './work.svelte'

export async function merge(id: string, into: string): Promise<void> {
  const done = await carryOut(seen(id), { kind: 'merge', into })
  if (!done) return
  goTo(id, into)
  offer(`#${id} merged into #${into}`, () => void unmerge(latest(done.ticket), into, false))
}

/** `again`: whether the toast offers to merge them once more. */
export async function unmerge(ticket: Ticket, into: string, again = true): Promise<void> {
  const done = await carryOut(ticket, { kind: 'unmerge' })
  if (!done) return
  goTo(into, ticket.id)
  const said = `#${ticket.id} stands for itself again`
  if (again) offer(said, () => void merge(ticket.id, into))
  else toasts.show(said)
}

export async function split(id: string, post: Mention): Promise<void> {
  const { platform, id_scope, id: native } = post
  const done = await carryOut(seen(id), { kind: 'split', platform, id_scope, id: native })
  if (!done) return
  const made = done.other.id
  offer(`The post is #${made} now`, () => void merge(made, id))
}

async function carryOut(
  before: Ticket | undefined,
  what: api.Regrouping,
): Promise<Regrouped | undefined> {
  if (!before) return undefined
  const index = inbox.list.ids.indexOf(before.id)
  try {
    const done = await onVersion(before, (version) => api.regroup(before.id, version, what))
    for (const ticket of [done.ticket, done.other]) show(ticket)
    opened.outdated(done.ticket)
    opened.outdated(done.other)
    opened.refresh()
    return done
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    await refused(before, index, error)
    return undefined
  }
}

/** The pane goes on with what holds the posts now, unless somebody has moved on. */
function goTo(from: string, to: string): void {
  const { route } = router
  if (route.page !== 'list' || route.ticket !== from) return
  inbox.cursor = to
  router.adjust({ ...route, ticket: to })
}

const latest = (ticket: Ticket): Ticket => {
  const now = seen(ticket.id)
  return now && now.version > ticket.version ? now : ticket
}
