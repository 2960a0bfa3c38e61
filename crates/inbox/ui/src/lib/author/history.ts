/** What is known of who wrote a ticket: their accounts, and their other tickets. */
import type { Account, AuthorLink, Fact, Profile, Ticket } from '../api/types'
import { platformName } from '../ticket/names'

export interface History {
  open: Ticket[]
  /** Resolved, closed, or merged into another one. */
  earlier: Ticket[]
}

/** Newest first, as they came. */
export function history(tickets: readonly Ticket[]): History {
  return {
    open: tickets.filter(({ status }) => status === 'open'),
    earlier: tickets.filter(({ status }) => status !== 'open'),
  }
}

/** `2 open, 5 earlier`; `+` where the server has more. */
export function counted({ open, earlier }: History, more: boolean): string {
  const plus = more ? '+' : ''
  const parts = [
    open.length > 0 ? `${open.length} open` : '',
    earlier.length > 0 || more ? `${earlier.length}${plus} earlier` : '',
  ]
  return parts.filter(Boolean).join(', ')
}

/** The profile with tickets that came live: newer versions in place, new ones at their place. */
export function patched(profile: Profile, changed: readonly Ticket[]): Profile {
  const keys = new Set(profile.accounts.map(({ key }) => key))
  const rows = new Map(profile.tickets.map((ticket) => [ticket.id, ticket]))
  const oldest = Number(profile.tickets.at(-1)?.id ?? 0)
  let isNew = false
  for (const ticket of changed) {
    const known = rows.get(ticket.id)
    // One that is older than what is loaded comes with its page.
    const isTheirs = keys.has(ticket.author ?? '') && (!profile.next || Number(ticket.id) > oldest)
    if (known ? known.version >= ticket.version : !isTheirs) continue
    rows.set(ticket.id, ticket)
    isNew = true
  }
  if (!isNew) return profile
  const tickets = [...rows.values()].sort((one, other) => Number(other.id) - Number(one.id))
  return { ...profile, tickets }
}

/** The next page behind those that are loaded; a ticket that moved is not there twice. */
export function extended(profile: Profile, page: Profile): Profile {
  const known = new Set(profile.tickets.map(({ id }) => id))
  const older = page.tickets.filter(({ id }) => !known.has(id))
  return { ...profile, tickets: [...profile.tickets, ...older], next: page.next }
}

/** An account in one line: `Mastodon · @ann (social.example)`. */
export function accountName({ platform, handle, name, id, id_scope }: Account): string {
  const who = handle ? `@${handle}` : name || id
  const where = id_scope && !who.includes(id_scope) ? ` (${id_scope})` : ''
  return `${platformName(platform)} · ${who}${where}`
}

/** What a link holds together, seen from the account that was asked for. */
export function linked({ accounts }: Profile, link: AuthorLink): string {
  const names = link.accounts.map((key) => {
    const account = accounts.find((one) => one.key === key)
    return account ? accountName(account) : 'an account'
  })
  return names.join(' and ')
}

/** `person:ann` is a person, everything else a part of the system. */
export const linkedBy = ({ by }: AuthorLink): string => by.replace(/^person:/, '')

export interface Standing {
  /** In the routing table's words, made readable; empty for anybody. */
  tier: string
  /** The company's number of them. */
  customer: string
  /** When the company's records were asked. */
  at?: string
}

const TIERS: Record<string, string> = {
  vip: 'VIP',
  customer: 'Customer',
  influencer: 'Wide reach',
  verified: 'Verified',
}

/** What the author was to the company when the ticket was opened; it stands with the opening. */
export function standingOf(facts: readonly Fact[]): Standing {
  const opened = facts.find(({ fact }) => fact === 'opened')
  const looked = opened?.looked_up as { customer?: string; at?: string } | undefined
  return {
    tier: TIERS[String(opened?.author_tier)] ?? '',
    customer: looked?.customer ?? '',
    at: looked?.at,
  }
}
