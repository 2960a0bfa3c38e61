/** Which rows of a long list stand in the page: those in sight, and a few around them. */

/** Rows kept ready above and below, so that a turn of the wheel meets no hole. */
const MARGIN_ROWS = 8

/** Whatever the screen, never more rows than these in the page. */
export const ROWS_MAX = 60

export interface Window {
  /** First row, and the one after the last. */
  start: number
  end: number
}

export function windowOf(count: number, rowHeight: number, top: number, height: number): Window {
  const first = Math.floor(Math.max(0, top) / rowHeight)
  const inSight = Math.ceil(Math.max(0, height) / rowHeight) + 1
  const margin = Math.max(0, Math.min(MARGIN_ROWS, Math.floor((ROWS_MAX - inSight) / 2)))
  const length = Math.min(count, ROWS_MAX, inSight + 2 * margin)
  const start = Math.max(0, Math.min(first - margin, count - length))
  return { start, end: start + length }
}

/** Where to scroll so that the row is whole in sight, moving as little as possible. */
export function reveal(index: number, rowHeight: number, top: number, height: number): number {
  const rowTop = index * rowHeight
  if (rowTop < top) return rowTop
  const bottom = rowTop + rowHeight
  return bottom > top + height ? bottom - height : top
}

/** Whether so little is left below that the next page should come. */
export function nearEnd(count: number, rowHeight: number, top: number, height: number): boolean {
  return (top + 2 * height) / rowHeight >= count
}
