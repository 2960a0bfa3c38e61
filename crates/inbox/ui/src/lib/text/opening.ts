/** The first words of a post, for a line that has no room for more. */
import { visible } from './controls'

/** About a dozen words: what it is about, and no more. */
const CHARACTERS_MAX = 80

/** Whole words, on one line; `…` where some are left out. */
export function opening(text: string): string {
  const line = text.slice(0, 4 * CHARACTERS_MAX).replace(/\s+/g, ' ').trim()
  const characters = [...line]
  if (characters.length <= CHARACTERS_MAX) return visible(line)
  const cut = characters.slice(0, CHARACTERS_MAX).join('')
  const edge = cut.lastIndexOf(' ')
  return `${visible(edge > 0 ? cut.slice(0, edge) : cut)} …`
}
