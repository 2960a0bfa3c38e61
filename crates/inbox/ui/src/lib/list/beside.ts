/** The rows before and after one, even when that one has just left the list. */
export interface Beside {
  before: string | undefined
  after: string | undefined
}

/** `place`: where the row stood when it left; without it the rows begin anew at the top. */
export function beside(ids: readonly string[], id: string, place = 0): Beside {
  const at = ids.indexOf(id)
  if (at >= 0) return { before: ids[at - 1], after: ids[at + 1] }
  const gap = Math.min(place, ids.length)
  return { before: ids[gap - 1], after: ids[gap] }
}
