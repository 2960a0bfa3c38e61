/** Every operation the page uses, by name. */
import type { HoldKind, OwnState } from '../ticket/hold'
import { call } from './client'
import type {
  Incident,
  IncidentSummary,
  Label,
  Person,
  Priority,
  Profile,
  Queue,
  Regrouped,
  Session,
  SlaProof,
  Ticket,
  TicketDetail,
  TicketPage,
} from './types'

const TICKETS = '/api/v1/tickets'

/** The most the server gives in one page. */
export const PAGE_SIZE = 200

export const session = () => call<Session>('GET', '/api/v1/session')
export const signOut = () => call<void>('DELETE', '/api/v1/session')
export const people = async () => (await call<{ people: Person[] }>('GET', '/api/v1/people')).people
export const queues = async () => (await call<{ queues: Queue[] }>('GET', '/api/v1/queues')).queues

/** The company's own words for what a ticket can wait for. */
export const states = async () => (await call<{ states: OwnState[] }>('GET', '/api/v1/states')).states

export function tickets(
  query: Record<string, string>,
  cursor?: string,
  signal?: AbortSignal,
): Promise<TicketPage> {
  const parameters = new URLSearchParams({ ...query, limit: String(PAGE_SIZE) })
  if (cursor) parameters.set('cursor', cursor)
  return call('GET', `${TICKETS}?${parameters}`, { signal })
}

export const ticket = (id: string, signal?: AbortSignal) =>
  call<TicketDetail>('GET', `${TICKETS}/${encodeURIComponent(id)}`, { signal })

/** A change of a ticket: the operation's name in its address, and its body. */
export type Change =
  | { kind: 'claim' }
  | { kind: 'hold'; hold: HoldKind; state?: string; until?: string; approver?: string }
  | { kind: 'release' }
  | { kind: 'resolve' }
  | { kind: 'reopen' }
  | { kind: 'assign'; to: string | null }
  | { kind: 'relabel'; label: Label }
  | { kind: 'move'; department: string }
  | { kind: 'priority'; priority: Priority }
  | { kind: 'note'; text: string }
  | { kind: 'reply'; text: string }

export function change(id: string, version: number | undefined, what: Change): Promise<Ticket> {
  const path = `${TICKETS}/${encodeURIComponent(id)}/${what.kind}`
  return call('POST', path, { version, body: bodyOf(what) })
}

function bodyOf(what: Change): Record<string, unknown> | undefined {
  const { kind: _, ...members } = what
  if (Object.keys(members).length === 0) return undefined
  if (what.kind !== 'hold') return members
  const { hold, state, until, approver } = what
  return { kind: hold, state, until, approver }
}

/** Posts that change places: into another ticket, back again, or out into one of their own. */
export type Regrouping =
  | { kind: 'merge'; into: string }
  | { kind: 'unmerge' }
  | { kind: 'split'; platform: string; id_scope?: string; id: string }

export function regroup(id: string, version: number, what: Regrouping): Promise<Regrouped> {
  const { kind, ...body } = what
  const path = `${TICKETS}/${encodeURIComponent(id)}/${kind}`
  return call('POST', path, { version, body: kind === 'unmerge' ? undefined : body })
}

/** The ticket's clocks, counted again from its events. */
export const proof = (id: string, signal?: AbortSignal) =>
  call<SlaProof>('GET', `${TICKETS}/${encodeURIComponent(id)}/sla`, { signal })

const AUTHORS = '/api/v1/authors'

/** `before` is the `next` of the page before. */
export function author(key: string, before?: string, signal?: AbortSignal): Promise<Profile> {
  const page = before ? `?${new URLSearchParams({ before })}` : ''
  return call('GET', `${AUTHORS}/${encodeURIComponent(key)}${page}`, { signal })
}

export const linkAuthors = (key: string, other: string, reason: string) =>
  call<Profile>('POST', `${AUTHORS}/${encodeURIComponent(key)}/links`, {
    body: { with: other, reason },
  })

export const unlinkAuthors = (key: string, link: string, reason: string) =>
  call<Profile>(
    'DELETE',
    `${AUTHORS}/${encodeURIComponent(key)}/links/${encodeURIComponent(link)}?${new URLSearchParams({ reason })}`,
  )

export const incidents = async () =>
  (await call<{ incidents: IncidentSummary[] }>('GET', '/api/v1/incidents')).incidents

export const incident = (id: string) =>
  call<Incident>('GET', `/api/v1/incidents/${encodeURIComponent(id)}`)

export const changeIncident = (id: string, what: 'acknowledge' | 'close' | 'false-alarm') =>
  call<Incident>('POST', `/api/v1/incidents/${encodeURIComponent(id)}/${what}`)
