/**
 * Characters that nobody sees and that change what everybody reads: they turn the writing
 * direction, join or hide. They are shown by name.
 */
const NAMES: Record<number, string> = {
  173: 'SHY',
  847: 'CGJ',
  1564: 'ALM',
  4447: 'HCF',
  4448: 'HJF',
  6158: 'MVS',
  8203: 'ZWSP',
  8204: 'ZWNJ',
  8205: 'ZWJ',
  8206: 'LRM',
  8207: 'RLM',
  8232: 'LSEP',
  8233: 'PSEP',
  8234: 'LRE',
  8235: 'RLE',
  8236: 'PDF',
  8237: 'LRO',
  8238: 'RLO',
  8288: 'WJ',
  8294: 'LRI',
  8295: 'RLI',
  8296: 'FSI',
  8297: 'PDI',
  12644: 'HF',
  65279: 'BOM',
  65440: 'HHF',
}

const SPECIAL =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu

/** Joiners have honest work inside emoji and in the scripts that need them. */
const JOINED =
  /[\p{Extended_Pictographic}\p{M}\p{Emoji_Modifier}\ufe0f\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Tamil}\p{Script=Malayalam}\p{Script=Sinhala}]$/u

export interface Control {
  at: number
  length: number
  name: string
}

export function findControls(text: string): Control[] {
  const found: Control[] = []
  for (const match of text.matchAll(SPECIAL)) {
    const code = match[0].codePointAt(0) ?? 0
    const isJoiner = code === 0x200c || code === 0x200d
    if (isJoiner && JOINED.test(text.slice(Math.max(0, match.index - 2), match.index))) continue
    if (isFlagTag(code, text, match.index)) continue
    found.push({ at: match.index, length: match[0].length, name: nameOf(code) })
  }
  return found
}

/** The same text with every one of them named, for places that hold one plain line. */
export function visible(text: string): string {
  let shown = ''
  let from = 0
  for (const control of findControls(text)) {
    shown += `${text.slice(from, control.at)}⟨${control.name}⟩`
    from = control.at + control.length
  }
  return shown + text.slice(from)
}

const nameOf = (code: number) =>
  NAMES[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`

/** Flags of regions are a black flag and tag characters behind it. */
function isFlagTag(code: number, text: string, at: number): boolean {
  return code >= 0xe0020 && /\u{1f3f4}[\u{e0020}-\u{e007f}]*$/u.test(text.slice(0, at))
}
