/** How long to wait before the next try: soon at first, never longer than half a minute. */
const FIRST_SECONDS = 1
const LONGEST_SECONDS = 30

/** `chance` from 0 to 1 spreads the pages of a restarted server over the wait. */
export function waitSeconds(failures: number, chance: number): number {
  const doubled = FIRST_SECONDS * 2 ** Math.min(failures - 1, 10)
  return Math.max(1, Math.round(Math.min(LONGEST_SECONDS, doubled) * (0.75 + 0.5 * chance)))
}
