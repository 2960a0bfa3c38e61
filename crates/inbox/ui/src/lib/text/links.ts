/** Addresses in a text. Only whole, absolute http(s) addresses become links. */

export interface Link {
  start: number
  end: number
  href: string
}

const CANDIDATE =
  /https?:\/\/[^\s<>"'`\u0000-\u0020\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069]+/giu

/** Punctuation that ends the sentence and not the address. */
const TRAILING = /[.,;:!?…*_~]+$/u

export function findLinks(text: string): Link[] {
  const links: Link[] = []
  for (const match of text.matchAll(CANDIDATE)) {
    const written = trim(match[0])
    const href = safeAddress(written)
    if (href) links.push({ start: match.index, end: match.index + written.length, href })
  }
  return links
}

/** The address as the browser reads it, or undefined for everything that is not http(s). */
export function safeAddress(address: string | undefined): string | undefined {
  if (!address) return undefined
  try {
    const url = new URL(address)
    const isWeb = url.protocol === 'http:' || url.protocol === 'https:'
    return isWeb && url.hostname ? url.href : undefined
  } catch {
    return undefined
  }
}

/** A closing bracket belongs to the address only with its opening one. */
function trim(address: string): string {
  let kept = address.replace(TRAILING, '')
  for (const [opening, closing] of ['()', '[]', '{}']) {
    while (
      kept.endsWith(closing as string) &&
      !balanced(kept, opening as string, closing as string)
    ) {
      kept = kept.slice(0, -1).replace(TRAILING, '')
    }
  }
  return kept
}

const balanced = (text: string, opening: string, closing: string) =>
  text.split(opening).length >= text.split(closing).length
