/** Whether what is seen is the story that `switchboard demo` tells. */
import type { Ticket } from '../api/types'

/** The source that every post of the story names. */
const STORY = 'demo'

/** In the demo the first row of a list is nearly always the story's; posts of `--live` are between. */
const LOOKED_AT = 12

export function tellsStory(
  ids: readonly string[],
  row: (id: string) => Pick<Ticket, 'mention'> | undefined,
): boolean {
  return ids.slice(0, LOOKED_AT).some((id) => row(id)?.mention.source === STORY)
}
