/**
 * The API's types. They come from the OpenAPI document; where the document says only "an
 * object", the contract says more, and that stands here.
 */
import type { Hold } from '../ticket/hold'
import type { components } from './schema'

type Schemas = components['schemas']

export type Label = 'complaint' | 'lead' | 'pr_risk' | 'general'
export type Priority = 'low' | 'normal' | 'high' | 'urgent'
export type Status = 'open' | 'resolved' | 'closed'

export interface Author {
  id?: string
  handle?: string
  name?: string
  followers?: number
  verified?: boolean
}

/** A piece of the classifier's evidence; `span` counts bytes of the post's UTF-8. */
export interface Reason {
  by: 'rule' | 'ngram' | 'model'
  name: string
  span?: [number, number]
  weight: number
}

export interface Classification {
  label: Label
  labels: Label[]
  confidence: number
  scores: Record<Label, number>
  needs_review: boolean
  severity: number
  topics: string[]
  language: string
  reasons: Reason[]
  no_answer?: string
  rules_version: string
  model_version: string
  revision: number
}

/** A post. Every word in it was written by a stranger. */
export interface Mention {
  platform: string
  id: string
  id_scope?: string
  deleted?: boolean
  form?: string
  visibility?: string
  text?: string
  created_at?: string
  edited_at?: string
  received_at?: string
  url?: string
  author?: Author
  account?: string[]
  /** The source that brought it in. */
  source?: string
  rating?: number
  metrics?: { likes: number; reposts: number; replies: number; views: number }
  media?: { kind: string; url: string; alt?: string }[]
  reply?: { can: boolean; limits?: Record<string, unknown> }
  classification?: Classification
}

export type Verdict =
  | 'matched'
  | { not: { col: string; want: string } }
  | { when_false: { when: string } }
  | { when_failed: { when: string; error: string } }

/** One row of the routing table; without `is` an earlier row had matched. */
export interface RowVerdict {
  row: string
  is?: Verdict
}

export type Explanation = Omit<
  Schemas['ExplanationView'],
  'rows' | 'priority_reasons' | 'reasons'
> & {
  rows: RowVerdict[]
  priority_reasons: [string, number][]
  reasons: Reason[]
}

export type Clock = Schemas['ClockView']

export type Ticket = Omit<
  Schemas['TicketView'],
  'mention' | 'classification' | 'explanation' | 'assignee' | 'hold' | 'absorbed'
> & {
  assignee: string | null
  /** Tickets merged into this one; absent when there are none. */
  absorbed?: string[]
  /** What it waits for; absent while it is our turn. */
  hold?: Hold
  mention: Mention
  classification?: Classification
  explanation?: Explanation
}

export interface Actor {
  type: 'person' | 'system'
  name: string
}

/** A thing that happened: `fact` names it, the rest depends on it. */
export interface Fact {
  fact: string
  [member: string]: unknown
}

export interface TicketEvent {
  version: number
  at: string
  actor: Actor
  summary: string
  facts: Fact[]
}

export type TicketDetail = Ticket & { mentions: Mention[]; timeline: TicketEvent[] }

/** Two tickets after posts went from one to the other. */
export interface Regrouped {
  ticket: Ticket
  /** The survivor of a merge, or the new ticket of a split. */
  other: Ticket
}

export type Account = Schemas['AccountView']
export type AuthorLink = Schemas['LinkView']

/** An author over platforms, with the tickets that the reader may see, newest first. */
export type Profile = Omit<Schemas['ProfileView'], 'tickets'> & { tickets: Ticket[] }

export type ClockProof = Schemas['ClockProofView']
export type SlaProof = Schemas['SlaProof']

export type Queue = Schemas['QueueView']

export interface TicketPage {
  tickets: Ticket[]
  next?: string
}

/** Who is signed in. */
export interface Session {
  name: string
  role: string
  departments: string[]
  expires_at?: string
  actions: string[]
}

export interface Person {
  name: string
  role?: string
  departments?: string[]
}

export interface IncidentSummary {
  id: string
  brand: string
  status: 'open' | 'closed' | 'false_alarm'
  trigger: 'severity' | 'reach' | 'authors'
  /** The trigger as a sentence. */
  why: string
  signal_count: number
  opened_at: string
  last_signal_at: string
  acknowledged_by?: string
  acknowledged_at?: string
  closed_by?: string
  closed_at?: string
}

export interface IncidentPost {
  at: string
  severity: number
  followers: number
  ticket?: string
  mention?: Mention
}

export type Incident = IncidentSummary & {
  authors: number
  reach: number
  posts: IncidentPost[]
  /** Posts by the minute; empty minutes are left out. */
  rate: { minute: string; posts: number }[]
  notifications: { channel: string; at: string; outcome: string }[]
  timeline: { at: string; summary: string }[]
}
