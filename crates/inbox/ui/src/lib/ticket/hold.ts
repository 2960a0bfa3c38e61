/** What a ticket can wait for, in words. */
import type { Clock } from '../api/types'
import { capital, departmentName, words } from './names'

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

/** A word of the company's own for one of the kinds. */
export interface OwnState {
  state: string
  name: string
  kind: HoldKind
}

let names: ReadonlyMap<string, string> = new Map()

/** What the company calls its own states, from now on. */
export function nameStates(states: readonly OwnState[]): void {
  names = new Map(states.map(({ state, name }) => [state, name]))
}

/** What can be chosen: the kinds, then the company's own states with what they mean. */
export function holdChoices(states: readonly OwnState[]): (HoldChoice & { state?: string })[] {
  const own = states.map(({ state, name, kind }) => {
    const meant = HOLDS.find((hold) => hold.kind === kind)
    return { kind, state, title: name, note: meant ? meant.title.toLowerCase() : words(kind) }
  })
  return [...HOLDS, ...own]
}

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

/** The one sentence that is true of every policy. */
export const HOLD_SAYS =
  'Which clocks stand still meanwhile is for their policy to say; while a department has to agree, all run on.'

export function holdWords({ state, kind, approver }: Hold): string {
  if (kind === 'approval' && approver) return `Waiting until ${departmentName(approver)} agrees`
  return isOwn({ state, kind }) ? (names.get(state) ?? departmentName(state)) : (WAITS[kind] ?? words(state))
}

/** What a state of the company's own means; empty where its name says so already. */
export const holdMeaning = (hold: Pick<Hold, 'state' | 'kind'>): string =>
  isOwn(hold) ? (WAITS[hold.kind] ?? words(hold.kind)).toLowerCase() : ''

const isOwn = ({ state, kind }: Pick<Hold, 'state' | 'kind'>) =>
  state.replaceAll('-', '_') !== kind

/** `First response stands still, resolution runs on`; empty when no clock ticks. */
export function clocksWhile(clocks: readonly Clock[]): string {
  const ticking = clocks.filter(({ stopped }) => !stopped)
  const named = (paused: boolean) =>
    ticking.filter((clock) => !!clock.paused === paused).map(({ clock }) => words(clock))
  const [still, running] = [named(true), named(false)]
  const said = [
    still.length > 0 ? `${still.join(' and ')} ${still.length > 1 ? 'stand' : 'stands'} still` : '',
    running.length > 0 ? `${running.join(' and ')} ${running.length > 1 ? 'run' : 'runs'} on` : '',
  ]
  return capital(said.filter(Boolean).join(', '))
}

export const holdWord = ({ kind }: Hold): string => SHORT[kind] ?? words(kind)
