/** Why a ticket is whose it is, row by row of the routing table. */
import type { RowVerdict } from '../api/types'
import { labelName, words } from './names'

export interface RowLine {
  row: string
  outcome: 'matched' | 'rejected' | 'failed' | 'untried'
  why: string
}

export function rowLine({ row, is }: RowVerdict): RowLine {
  if (is === undefined) return { row, outcome: 'untried', why: 'not tried, an earlier row matched' }
  if (is === 'matched') return { row, outcome: 'matched', why: 'matched' }
  if ('not' in is)
    return { row, outcome: 'rejected', why: `wants ${words(is.not.col)} ${wanted(is.not)}` }
  if ('when_false' in is)
    return { row, outcome: 'rejected', why: `${is.when_false.when} does not hold` }
  return { row, outcome: 'failed', why: `${is.when_failed.when}: ${is.when_failed.error}` }
}

const wanted = ({ col, want }: { col: string; want: string }) =>
  col === 'label' ? want.split(', ').map(labelName).join(' or ') : want
