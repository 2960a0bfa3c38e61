/**
 * How far this computer's clock is from the server's, learnt from the `Date` header. The
 * header counts whole seconds, so each answer gives a range of one second; the ranges of
 * several answers are cut with each other until almost nothing is left.
 */
interface Range {
  low: number
  high: number
}

/** A clock that was set anew makes ranges that do not meet; then the newest one counts. */
export function narrow(
  known: Range | undefined,
  header: string | null,
  now: number,
): Range | undefined {
  const second = header ? Date.parse(header) : Number.NaN
  if (Number.isNaN(second)) return known
  const fresh = { low: second - now, high: second + 1000 - now }
  if (!known) return fresh
  const low = Math.max(known.low, fresh.low)
  const high = Math.min(known.high, fresh.high)
  return low <= high ? { low, high } : fresh
}

export const middle = (range: Range | undefined): number =>
  range ? (range.low + range.high) / 2 : 0

/** Below this nobody sees the difference, and a jumping clock would be seen. */
const NEGLIGIBLE_MS = 1_500

let range: Range | undefined

export function measureSkew(header: string | null): void {
  range = narrow(range, header, Date.now())
}

/** The server's time, in milliseconds since 1970. */
export function serverNow(): number {
  const skew = middle(range)
  return Date.now() + (Math.abs(skew) < NEGLIGIBLE_MS ? 0 : skew)
}
