/**
 * Characters that nobody sees and that change what everybody reads: they turn the writing
 * direction, join or hide. They are shown by name.
 */
const NAMES: Record<number, string> = {
  0x00ad: 'SHY',
  0x034f: 'CGJ',
  0x061c: 'ALM',
  0x115f: 'HCF',
  0x1160: 'HJF',
  0x180e: 'MVS',
  0x200b: 'ZWSP',
  0x200c: 'ZWNJ',
  0x200d: 'ZWJ',
  0x200e: 'LRM',
  0x200f: 'RLM',
  0x2028: 'LSEP',
  0x2029: 'PSEP',
  0x202a: 'LRE',
  0x202b: 'RLE',
  0x202c: 'PDF',
  0x202d: 'LRO',
  0x202e: 'RLO',
  0x2060: 'WJ',
  0x2066: 'LRI',
  0x2067: 'RLI',
  0x2068: 'FSI',
  0x2069: 'PDI',
  0x3164: 'HF',
  0xfeff: 'BOM',
  0xffa0: 'HHF',
}

const SPECIAL =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu

/** Joiners have honest work inside emoji and in the scripts that need them. */
const JOINED = /[\p{Extended_Pictographic}\p{M}\p{Emoji_Modifier}\ufe0f\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Tamil}\p{Script=Malayalam}\p{Script=Sinhala}]$/u

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
