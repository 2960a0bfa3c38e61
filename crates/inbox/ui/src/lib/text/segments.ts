/** A post cut into pieces that are shown as text nodes, each with what is to say about it. */
import type { Reason } from '../api/types'
import { findControls } from './controls'
import { findLinks } from './links'
import { toUnits } from './spans'

export interface Segment {
  text: string
  href?: string
  /** Name of an invisible character; `text` is that character. */
  control?: string
  /** Names of the reasons whose words these are. */
  marks: string[]
}

/** Posts are short; what is longer is cut here and says so. */
export const CHARACTERS_MAX = 20_000

/** A word that weighs less for the model's verdict explains nothing to a reader. */
const MODEL_WEIGHT_MIN = 0.5

/** `my`, `10`, `??`: whatever their weight, nobody would call them a reason. */
const MODEL_WORD_MIN = 3

interface Mark {
  start: number
  end: number
  name: string
}

export function segments(text: string, reasons: Reason[] = []): Segment[] {
  const shown = text.slice(0, CHARACTERS_MAX)
  const marks = marksOf(text, reasons)
  const links = findLinks(shown)
  const controls = findControls(shown)
  const cuts = new Set([0, shown.length])
  for (const { start, end } of [...marks, ...links]) cuts.add(start).add(end)
  for (const { at, length } of controls) cuts.add(at).add(at + length)
  const edges = [...cuts].filter((edge) => edge <= shown.length).sort((a, b) => a - b)

  const pieces: Segment[] = []
  for (let index = 1; index < edges.length; index++) {
    const from = edges[index - 1] as number
    const to = edges[index] as number
    const covers = ({ start, end }: { start: number; end: number }) => start <= from && to <= end
    pieces.push({
      text: shown.slice(from, to),
      href: links.find(covers)?.href,
      control: controls.find(({ at }) => at === from)?.name,
      marks: [...new Set(marks.filter(covers).map((mark) => mark.name))],
    })
  }
  return pieces
}

function marksOf(text: string, reasons: Reason[]): Mark[] {
  const marks: Mark[] = []
  for (const reason of reasons) {
    const units = reason.span && toUnits(text, reason.span)
    if (units && tells(reason, text.slice(units.start, units.end))) marks.push({ ...units, name: reason.name })
  }
  return marks
}

/** Whether the words are worth a mark in the text; the list of reasons names them all. */
function tells({ by, weight }: Reason, words: string): boolean {
  if (by === 'rule') return true
  return weight >= MODEL_WEIGHT_MIN && [...words].length >= MODEL_WORD_MIN && /\p{L}/u.test(words)
}
