/** A ticket's life in the order it happened: posts, our answers, notes, and what changed. */
import type { Actor, Fact, Mention, TicketDetail } from '../api/types'
import { moment } from '../time/moment'
import { serverNow } from '../time/skew'
import { type Hold, holdWords } from './hold'
import { capital, departmentName, labelName, words } from './names'

export type Entry =
  | { kind: 'post'; key: string; at: string; mention: Mention }
  | { kind: 'reply' | 'note'; key: string; at: string; actor: Actor; text: string }
  | { kind: 'change'; key: string; at: string; actor: Actor; lines: string[] }

type Told = Pick<TicketDetail, 'mentions' | 'timeline'>

export function story({ mentions, timeline }: Told): Entry[] {
  const posts = mentions.map(
    (mention): Entry => ({
      kind: 'post',
      key: `post ${mention.platform} ${mention.id_scope ?? ''} ${mention.id}`,
      at: mention.received_at ?? mention.created_at ?? '',
      mention,
    }),
  )
  const events = timeline.flatMap(({ version, at, actor, facts }): Entry[] => {
    const said = facts.map((fact, index) => spoken(fact, `${version} ${index}`, at, actor))
    const lines = facts.map(sentence).filter((line) => line !== '')
    const change: Entry[] =
      lines.length > 0 ? [{ kind: 'change', key: `change ${version}`, at, actor, lines }] : []
    return [...said.filter((entry) => entry !== undefined), ...change]
  })
  return inOrder([...posts, ...events])
}

/** Stable, so that a post stands before the change it caused in the same instant. */
const inOrder = (entries: Entry[]) =>
  entries.sort((a, b) => (Date.parse(a.at) || 0) - (Date.parse(b.at) || 0))

function spoken(fact: Fact, key: string, at: string, actor: Actor): Entry | undefined {
  if (fact.fact === 'noted') return { kind: 'note', key, at, actor, text: String(fact.text) }
  if (fact.fact === 'reply_requested') {
    return { kind: 'reply', key, at, actor, text: String(fact.text) }
  }
  return undefined
}

const SENTENCES: Record<string, (fact: Fact) => string> = {
  opened: (fact) =>
    `Opened for ${departmentName(String(fact.department))} as ${labelName(String(fact.label))}`,
  mention_added: () => 'Another post joined',
  mention_edited: () => 'The author edited a post',
  mention_judged: (fact) =>
    `A post was judged again: ${labelName(String(fact.label))}${
      fact.needs_review === false ? ', and nobody needs to look' : ''
    }`,
  mention_deleted: () => 'The author deleted a post',
  account_added: (fact) => `Also found for account ${fact.account}`,
  label_changed: (fact) => `Label ${labelName(String(fact.from))} → ${labelName(String(fact.to))}`,
  labels_changed: (fact) => `Labels are now ${(fact.to as string[]).map(labelName).join(', ')}`,
  department_changed: (fact) =>
    `Moved from ${departmentName(String(fact.from))} to ${departmentName(String(fact.to))}`,
  priority_changed: (fact) => `Priority ${fact.from} → ${fact.to}`,
  severity_raised: (fact) => `Severity rose from ${fact.from} to ${fact.to}`,
  assigned: (fact) =>
    fact.to ? `Assigned to ${fact.to}` : `${fact.from ?? 'Nobody'} gave it back`,
  status_changed: (fact) => status(fact),
  held: (fact) => {
    const until = typeof fact.until === 'string' ? ` until ${moment(fact.until, serverNow())}` : ''
    return `${holdWords(fact as unknown as Hold)}${until}`
  },
  released: () => 'Our turn again',
  escalated: (fact) => escalated(fact),
  merged_into: (fact) => `Merged into #${fact.ticket}`,
  absorbed: (fact) => `#${fact.ticket} was merged into this ticket`,
  parted: (fact) => `The merge into #${fact.ticket} was undone`,
  gave_back: (fact) => `The merge of #${fact.ticket} was undone, its posts went back`,
  split_from: (fact) => `Split out of #${fact.ticket}`,
  split_off: (fact) => `A post became #${fact.ticket}`,
  answer_seen: () => 'Our answer was seen on the platform',
  clock_started: () => '',
  clock_held: (fact) => `${capital(words(String(fact.clock)))} ${fact.runs ? 'runs on' : 'pauses'}`,
  clock_resumed: (fact) => `${capital(words(String(fact.clock)))} goes on`,
  clock_retargeted: (fact) => `${capital(words(String(fact.clock)))} has a new deadline`,
  clock_fired: (fact) => fired(fact),
  clock_stopped: (fact) => stopped(fact),
  noted: () => '',
  reply_requested: () => '',
}

function sentence(fact: Fact): string {
  const known = SENTENCES[fact.fact]
  return known ? known(fact) : capital(words(fact.fact))
}

function status(fact: Fact): string {
  const why = fact.reason ? `: ${words(String(fact.reason))}` : ''
  return fact.to === 'open' ? 'Reopened' : `${capital(String(fact.to))}${why}`
}

function fired(fact: Fact): string {
  const clock = capital(words(String(fact.clock)))
  const milestone = fact.milestone as string | { warning?: number }
  if (milestone === 'breach') return `${clock} missed`
  const percent = typeof milestone === 'object' ? milestone.warning : undefined
  return `${clock}: ${percent ?? '?'} % of the time is used`
}

function escalated(fact: Fact): string {
  const called = (fact.notify as string[] | undefined) ?? []
  const who = called.length > 0 ? `${called.join(', ')} called` : `escalation step ${fact.step}`
  const onCall = fact.on_call ? `; ${fact.on_call} is on call` : ''
  return `${capital(words(String(fact.clock)))}: ${who}${onCall}`
}

const CAUSES: Record<string, string> = {
  replied: 'answered',
  resolved: 'resolved without an answer',
  acknowledged: 'taken in hand',
  moved: 'handed on',
  merged: 'it lives on in another ticket',
  post_deleted: 'the author deleted the post',
}

function stopped(fact: Fact): string {
  const cause = (fact.stop as { cause?: string } | undefined)?.cause ?? ''
  return `${capital(words(String(fact.clock)))} stopped: ${CAUSES[cause] ?? words(cause)}`
}

/** Who changed the ticket last, for whoever met their change. */
export function lastChange({
  timeline,
}: Told): { who: string; what: string; at: string } | undefined {
  const event = timeline.at(-1)
  if (!event) return undefined
  const what = event.facts.map((fact) => spokenAs(fact) ?? sentence(fact)).filter(Boolean)
  return { who: actorName(event.actor), what: what.join('; '), at: event.at }
}

function spokenAs(fact: Fact): string | undefined {
  if (fact.fact === 'noted') return 'Wrote a note'
  return fact.fact === 'reply_requested' ? 'Recorded a reply' : undefined
}

export const actorName = (actor: Actor) => (actor.type === 'person' ? actor.name : 'Switchboard')
