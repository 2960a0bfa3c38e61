/** Search in the loaded list: every word must stand somewhere in the row. */
import type { Ticket } from '../api/types'

/** Without case and accents, so that `uber` finds `Über`. */
const plain = (text: string) => text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()

const texts = new WeakMap<Ticket, string>()

function textOf(ticket: Ticket): string {
  let text = texts.get(ticket)
  if (text === undefined) {
    const { mention } = ticket
    const author = [mention.author?.name, mention.author?.handle]
    const about = [ticket.label.replace('_', ' '), ticket.department, ticket.platform]
    const parts = [
      `#${ticket.id}`,
      mention.text,
      ...author,
      ...about,
      ticket.assignee,
      ...ticket.topics,
    ]
    text = plain(parts.filter(Boolean).join('\n'))
    texts.set(ticket, text)
  }
  return text
}

export function matcher(query: string): (ticket: Ticket) => boolean {
  const words = plain(query).split(/\s+/).filter(Boolean)
  if (words.length === 0) return () => true
  return (ticket) => words.every((word) => textOf(ticket).includes(word))
}
