/** Posts per minute, with the empty minutes in between, grouped so that the bars stay readable. */
export interface Bar {
  /** Milliseconds since 1970 at its left edge. */
  at: number
  posts: number
}

export interface Bars {
  minutes: number
  bars: Bar[]
}

const MINUTE_MS = 60_000

/** More bars than this are thinner than a finger and no clearer. */
export const BARS_MAX = 60

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120]

export function bars(rate: { minute: string; posts: number }[], until: number): Bars {
  const points = rate
    .map(({ minute, posts }) => ({ at: Date.parse(minute), posts }))
    .filter(({ at }) => !Number.isNaN(at))
  if (points.length === 0) return { minutes: 1, bars: [] }
  const first = Math.min(...points.map(({ at }) => at))
  const last = Math.max(until, ...points.map(({ at }) => at))
  const span = Math.floor((last - first) / MINUTE_MS) + 1
  const minutes = STEPS.find((step) => span / step <= BARS_MAX) ?? (STEPS.at(-1) as number)
  const width = minutes * MINUTE_MS
  const start = Math.floor(first / width) * width
  const count = Math.min(BARS_MAX + 1, Math.floor((last - start) / width) + 1)
  const found = Array.from({ length: count }, (_, index) => ({
    at: start + index * width,
    posts: 0,
  }))
  for (const { at, posts } of points) {
    const bar = found[Math.floor((at - start) / width)]
    if (bar) bar.posts += posts
  }
  return { minutes, bars: found }
}
