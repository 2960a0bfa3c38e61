/** What a ticket can wait for, in words. */
import { departmentName, words } from './names'

export type HoldKind = 'waiting_customer' | 'waiting_external' | 'approval' | 'snoozed'

export interface Hold {
  /** The state's own name; the kind's where it has none. */
  state: string
  kind: HoldKind
  since: string
  /** When it comes back by itself. */
  until?: string
  /** The department that has to agree. */
  approver?: string
}

export interface HoldChoice {
  kind: HoldKind
  title: string
  note: string
}

export const HOLDS: readonly HoldChoice[] = [
  { kind: 'snoozed', title: 'Put it off', note: 'until a time' },
  { kind: 'waiting_customer', title: 'Wait for the author', note: 'comes back when they write' },
  { kind: 'waiting_external', title: 'Wait for somebody outside', note: 'a partner, a courier' },
  { kind: 'approval', title: 'Wait for a department to agree', note: 'clocks run on' },
]

const WAITS: Record<HoldKind, string> = {
  snoozed: 'Put off',
  waiting_customer: 'Waiting for the author',
  waiting_external: 'Waiting for somebody outside',
  approval: 'Waiting for approval',
}

/** In the row there is room for one word. */
const SHORT: Record<HoldKind, string> = {
  snoozed: 'put off',
  waiting_customer: 'waiting',
  waiting_external: 'waiting',
  approval: 'approval',
}

export function holdWords({ state, kind, approver }: Hold): string {
  if (kind === 'approval' && approver) return `Waiting until ${departmentName(approver)} agrees`
  const own = state.replaceAll('-', '_') !== kind
  return own ? departmentName(state) : (WAITS[kind] ?? words(state))
}

export const holdWord = ({ kind }: Hold): string => SHORT[kind] ?? words(kind)
