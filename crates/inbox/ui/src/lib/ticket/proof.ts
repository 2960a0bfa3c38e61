/** Why a deadline is where it is: a clock's life in rows that add up. */
import type { ClockProof, Ticket } from '../api/types'
import { second } from '../time/moment'
import { capital, words } from './names'

export interface ProofRow {
  from: string
  /** `now` while it lasts. */
  until: string
  why: string
  /** Open hours in it. */
  open: string
  counts: boolean
}

export interface ProofTable {
  key: string
  title: string
  outcome: string
  tone: 'late' | 'met' | 'calm'
  /** How the deadline came about, a sentence each. */
  because: string[]
  rows: ProofRow[]
  used: string
  allowed: string
  differences: string[]
}

const CAUSES: Record<string, string> = {
  ours: 'Our turn',
  waiting_customer: 'Waiting for the author',
  waiting_external: 'Waiting for somebody outside',
  approval: 'Waiting for a department to agree',
  snoozed: 'Put off',
  resolved: 'Resolved, reopened later',
}

const OUTCOMES: Record<ClockProof['status'], string> = {
  running: 'running',
  paused: 'stands still',
  met: 'kept',
  breached: 'missed',
  cancelled: 'ended without a result',
}

const STARTS: Record<string, string> = {
  post_time: 'when the post was written',
  no_post_time: 'when the post came in, since it names no time',
  late_arrival: 'when the post came in, since it is older than ten minutes',
  future_time: 'when the post came in, since it names a time to come',
  change: 'with a change of the ticket',
}

export function proofTable(proof: ClockProof, ticket: Ticket | undefined, now: number): ProofTable {
  const { clock, cycle, status, intervals } = proof
  return {
    key: `${clock} ${cycle}`,
    title: `${capital(words(clock))}${cycle > 1 ? ` ${cycle}` : ''}`,
    outcome: OUTCOMES[status],
    tone: status === 'breached' ? 'late' : status === 'met' ? 'met' : 'calm',
    because: reasons(proof, ticket, now),
    rows: intervals.map(({ from, until, cause, counts, open_seconds }) => ({
      from: second(from, now),
      until: until ? second(until, now) : 'now',
      why: CAUSES[cause] ?? capital(words(cause)),
      open: spent(open_seconds),
      counts,
    })),
    used: spent(proof.used_seconds),
    allowed: spent(proof.target_seconds),
    differences: proof.differences,
  }
}

function reasons(proof: ClockProof, ticket: Ticket | undefined, now: number): string[] {
  const { policy, calendar, target_seconds, due_at, intervals } = proof
  const same = ticket?.clocks.find((one) => one.clock === proof.clock && one.cycle === proof.cycle)
  const begin = second(intervals[0]?.from ?? same?.started_at, now)
  const why = same ? ` ${STARTS[same.start_reason] ?? ''}`.trimEnd() : ''
  const hours = calendar === 'always' ? 'around the clock' : `in the hours of ${calendar}`
  return [
    begin ? `Began at ${begin}${why}.` : '',
    `Policy ${policy} allows ${spent(target_seconds)}, counted ${hours}.`,
    due_at ? `So the deadline is ${second(due_at, now)}.` : 'No deadline while the clock stands still.',
  ].filter(Boolean)
}

/** To the second, so that a column of it can be added up: `45s`, `4m 02s`, `2h`. */
export function spent(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds))
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  if (whole < 60) return `${whole}s`
  const parts = [
    hours > 0 ? `${hours}h` : '',
    minutes > 0 || (hours > 0 && rest > 0) ? `${minutes}m`.padStart(hours > 0 ? 3 : 2, '0') : '',
    rest > 0 ? `${rest}s`.padStart(3, '0') : '',
  ]
  return parts.filter(Boolean).join(' ')
}
