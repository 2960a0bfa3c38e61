/** The classifier counts bytes of UTF-8; the page counts UTF-16 units. */

export interface Span {
  start: number
  end: number
}

/** Undefined for a span that does not fit the text: an edited post, a wrong record. */
export function toUnits(text: string, [from, to]: [number, number]): Span | undefined {
  if (from >= to) return undefined
  let bytes = 0
  let units = 0
  let start = -1
  for (const character of text) {
    if (bytes === from) start = units
    bytes += width(character.codePointAt(0) ?? 0)
    units += character.length
    if (bytes === to) return start < 0 ? undefined : { start, end: units }
    if (bytes > to) return undefined
  }
  return undefined
}

function width(codePoint: number): number {
  if (codePoint < 0x80) return 1
  if (codePoint < 0x800) return 2
  return codePoint < 0x10000 ? 3 : 4
}
