/** What merging, splitting and their undo ask first: which ticket, which post, and a yes. */
import type { Mention, Ticket } from '../api/types'
import {
  described,
  excerpt,
  mergeChoices,
  saidBeforeMerge,
  saidBeforeSplit,
  saidBeforeUnmerge,
  splittable,
  typedTicket,
} from '../ticket/regroup'
import { departmentName } from '../ticket/names'
import { moment } from '../time/moment'
import { serverNow } from '../time/skew'
import { authors } from './authors.svelte'
import { dialogs } from './dialog.svelte'
import { inbox } from './inbox.svelte'
import { opened } from './opened.svelte'
import { merge, split, unmerge } from './regroup.svelte'
import { toasts } from './toasts.svelte'
import { readTicket, seen } from './work.svelte'

export function askMerge(id: string): void {
  const ticket = seen(id)
  if (!ticket) return
  if (ticket.status !== 'open') {
    toasts.show(`#${id} is ${ticket.status}. Only an open ticket goes into another one.`)
    return
  }
  const theirs = ofAuthor(ticket)
  const listed = inbox.list.ids.map((other) => inbox.list.row(other)).filter((row) => !!row)
  const choices = mergeChoices(ticket, theirs, listed).map((other) => ({
    value: other.id,
    title: described(other),
    note: theirs.some((one) => one.id === other.id) ? 'same author' : departmentName(other.department),
  }))
  dialogs.choose({
    title: `Merge #${id} into: words, or the number of a ticket`,
    choices,
    filter: true,
    typed: (words) => {
      const number = typedTicket(words)
      const isOther = number !== undefined && number !== id
      const known = isOther ? choices.find(({ value }) => value === number) : undefined
      return known ?? (isOther ? { value: number, title: `Ticket #${number}` } : undefined)
    },
    none: 'No open ticket in this list has these words. Its number finds any other one.',
    choose: (into) => void confirmMerge(ticket, into),
  })
}

/** The other ticket is read anew: a mistyped number must not pass for the right one. */
async function confirmMerge(ticket: Ticket, into: string): Promise<void> {
  const other = await readTicket(into)
  if (!other) return
  const isSame = ofAuthor(ticket).some(({ id }) => id === into) || other.author === ticket.author
  const sameAuthor = isSame && ticket.author !== undefined
  const asked = {
    title: `Merge #${ticket.id} into #${into}?`,
    says: saidBeforeMerge(ticket, other, sameAuthor),
    yes: `Merge into #${into}`,
    isOdd: !sameAuthor,
  }
  dialogs.confirm(asked, () => merge(ticket.id, into))
}

/** Of a merged ticket its own undo, of a survivor that of one it took in. */
export function askUnmerge(id: string): void {
  const ticket = seen(id)
  const absorbed = ticket?.absorbed ?? []
  const [only] = absorbed
  if (ticket?.merged_into) confirmUnmerge(id, ticket.merged_into)
  else if (absorbed.length === 1 && only) confirmUnmerge(only, id)
  else if (absorbed.length === 0) toasts.show(`#${id} was merged with no other ticket.`)
  else {
    dialogs.choose({
      title: `Which merge into #${id} to undo`,
      choices: absorbed.map((other) => ({ value: other, title: `#${other}` })),
      filter: false,
      choose: (other) => confirmUnmerge(other, id),
    })
  }
}

export function confirmUnmerge(id: string, into: string): void {
  const says = saidBeforeUnmerge(id, into)
  const title = `Undo the merge of #${id} into #${into}?`
  dialogs.confirm({ title, says, yes: 'Undo the merge' }, async () => {
    const ticket = seen(id) ?? (await readTicket(id))
    if (ticket) await unmerge(ticket, into)
  })
}

export function askSplit(id: string): void {
  const ticket = seen(id)
  const posts = ticket && opened.detail?.id === id ? splittable(ticket, opened.detail.mentions) : []
  const [only] = posts
  if (!ticket || !only) {
    toasts.show(`The post that opened #${id} stays with it, and no other one could be split out.`)
    return
  }
  if (posts.length === 1) {
    confirmSplit(ticket, only)
    return
  }
  dialogs.choose({
    title: `Which post of #${id} becomes a ticket of its own`,
    choices: posts.map((post, index) => ({
      value: String(index),
      title: excerpt(post),
      note: moment(post.created_at ?? post.received_at, serverNow()),
    })),
    filter: false,
    choose: (index) => {
      const post = posts[Number(index)]
      if (post) confirmSplit(ticket, post)
    },
  })
}

export function confirmSplit(ticket: Ticket, post: Mention): void {
  const says = saidBeforeSplit(ticket, post)
  const title = `Split this post out of #${ticket.id}?`
  dialogs.confirm({ title, says, yes: 'Make it a ticket of its own' }, () => split(ticket.id, post))
}

const ofAuthor = (ticket: Ticket): readonly Ticket[] =>
  authors.key === ticket.author ? (authors.profile?.tickets ?? []) : []
