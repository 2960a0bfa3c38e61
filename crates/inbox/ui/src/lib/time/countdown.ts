/** What stands on the badge of a ticket's clock: never colour alone, but text and icon too. */
import type { Ticket } from '../api/types'
import { holdWords } from '../ticket/hold'
import { moment } from './moment'

export type Level = 'late' | 'soon' | 'fine' | 'met' | 'paused' | 'still'

export interface Standing {
  level: Level
  /** Short: `12m`, `-4m`, `met`. */
  text: string
  /** The same for a reader: `due in 12 minutes`. */
  words: string
}

/** A clock is amber in its last quarter, or in its last quarter of an hour. */
const SOON_SHARE = 0.25
const SOON_MS = 15 * 60_000

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export type Clocked = Pick<Ticket, 'sla' | 'deadline_at' | 'clocks' | 'hold'>

export function standing(ticket: Clocked, now: number): Standing {
  if (!ticket.deadline_at) return isPaused(ticket) ? paused(ticket, now) : stopped(ticket)
  const due = Date.parse(ticket.deadline_at)
  const left = due - now
  if (left <= 0)
    return { level: 'late', text: `-${short(-left)}`, words: `overdue by ${long(-left)}` }
  const soon = left <= Math.max(SOON_MS, SOON_SHARE * target(ticket))
  return { level: soon ? 'soon' : 'fine', text: short(left), words: `due in ${long(left)}` }
}

/** What was allowed to the clock that falls due first: what the quarter is a quarter of. */
function target(ticket: Clocked): number {
  const due = Date.parse(ticket.deadline_at ?? '')
  const ticking = ticket.clocks.filter((clock) => !clock.stopped && !clock.paused)
  const first = ticking.find((clock) => Date.parse(clock.due_at ?? '') === due)
  return (first?.target_seconds ?? 0) * 1000
}

/** Clocks that have not stopped and yet have no deadline stand still, all of them. */
const isPaused = ({ clocks }: Clocked) => clocks.some((clock) => !clock.stopped)

function paused({ hold }: Clocked, now: number): Standing {
  const why = hold ? `, ${holdWords(hold).toLowerCase()}` : ''
  const until = hold?.until ? `, resumes ${moment(hold.until, now)}` : ''
  return { level: 'paused', text: 'paused', words: `the clock stands still${why}${until}` }
}

function stopped(ticket: Clocked): Standing {
  switch (ticket.sla) {
    case 'met':
      return { level: 'met', text: 'met', words: 'answered in time' }
    case 'breached':
      return { level: 'late', text: 'missed', words: 'the deadline was missed' }
    case 'cancelled':
      return { level: 'still', text: 'stopped', words: 'the clock was stopped without an answer' }
    default:
      return { level: 'still', text: '–', words: 'no deadline' }
  }
}

/** At most two units, as short as a badge: `45s`, `12m`, `2h 05m`, `3d 4h`. */
export function short(milliseconds: number): string {
  if (milliseconds < MINUTE) return `${Math.floor(milliseconds / 1000)}s`
  if (milliseconds < HOUR) return `${Math.floor(milliseconds / MINUTE)}m`
  if (milliseconds < DAY) {
    const minutes = Math.floor((milliseconds % HOUR) / MINUTE)
    return `${Math.floor(milliseconds / HOUR)}h ${String(minutes).padStart(2, '0')}m`
  }
  return `${Math.floor(milliseconds / DAY)}d ${Math.floor((milliseconds % DAY) / HOUR)}h`
}

export function long(milliseconds: number): string {
  const minutes = Math.floor(milliseconds / MINUTE)
  if (minutes < 1) return 'less than a minute'
  if (minutes < 120) return count(minutes, 'minute')
  const hours = Math.floor(minutes / 60)
  return hours < 48 ? count(hours, 'hour') : count(Math.floor(hours / 24), 'day')
}

const count = (number: number, unit: string) => `${number} ${unit}${number === 1 ? '' : 's'}`
