/** Tickets that become one, or two: who may be merged with whom, and what is said before it. */
import type { Mention, Ticket } from '../api/types'
import { visible } from '../text/controls'
import { authorName, departmentName, platformName } from './names'

/** Of the tickets in the list so many are offered; the rest is found by its number. */
const OFFERED_MAX = 100

/** Open tickets a ticket can go into: those of its author first, then what the list shows. */
export function mergeChoices(
  ticket: Ticket,
  ofAuthor: readonly Ticket[],
  listed: readonly Ticket[],
): Ticket[] {
  const known = new Set([ticket.id])
  const open = [...ofAuthor, ...listed].filter((other) => {
    const isNew = other.status === 'open' && !known.has(other.id)
    known.add(other.id)
    return isNew
  })
  return open.slice(0, OFFERED_MAX)
}

/** `#12` or `12`; undefined for anything else. */
export const typedTicket = (words: string): string | undefined =>
  words.trim().match(/^#?(\d{1,15})$/)?.[1]

const EXCERPT = 90

/** A post's words in one line. */
export function excerpt(mention: Mention): string {
  if (mention.deleted) return 'a deleted post'
  const text = visible((mention.text ?? '').replace(/\s+/g, ' ').trim())
  if (text === '') return 'no words, only media'
  const characters = [...text]
  return characters.length > EXCERPT ? `${characters.slice(0, EXCERPT).join('')}…` : text
}

/** Who wrote it and what it says. */
export const described = (ticket: Ticket): string =>
  `#${ticket.id} ${visible(authorName(ticket.mention.author))}: “${excerpt(ticket.mention)}”`

const placed = ({ platform, department, priority, assignee }: Ticket): string => {
  const holder = assignee ? `${assignee} has it` : 'nobody has it'
  return `${platformName(platform)}, ${departmentName(department)}, ${priority} priority, ${holder}.`
}

export function saidBeforeMerge(ticket: Ticket, into: Ticket, sameAuthor: boolean): string[] {
  const posts = ticket.mention_count === 1 ? 'The post' : `All ${ticket.mention_count} posts`
  return [
    described(into),
    placed(into),
    `${posts} of #${ticket.id} and what comes later in the thread will stand there, and #${ticket.id} is closed. Of two deadlines of a kind the earlier one goes on.`,
    sameAuthor ? '' : 'As far as is known, somebody else wrote it: whoever answers there answers both.',
  ].filter(Boolean)
}

export const saidBeforeUnmerge = (id: string, into: string): string[] => [
  `The posts that came with #${id} go back to it, and its clocks run as if they had never stopped. What joined #${into} later stays there.`,
]

export function saidBeforeSplit(ticket: Ticket, post: Mention): string[] {
  return [
    `“${excerpt(post)}”`,
    `It becomes a ticket of its own with ${departmentName(ticket.department)}. Unless #${ticket.id} was answered, its author has waited since they wrote it.`,
  ]
}

/** Posts that could stand for themselves: all but the one that opened the ticket, and no deleted one. */
export const splittable = (ticket: Ticket, mentions: readonly Mention[]): Mention[] =>
  mentions.filter((post) => !post.deleted && !isSame(post, ticket.mention))

export const isSame = (one: Mention, other: Mention): boolean =>
  one.platform === other.platform &&
  one.id === other.id &&
  (one.id_scope ?? '') === (other.id_scope ?? '')
