/** What happened in an incident, in the first words of its gravest post. Read once for each. */
import { incident as fetchIncident } from '../api/calls'
import { Problem } from '../api/client'
import { opening } from '../text/opening'

class Gravest {
  private known = $state.raw<ReadonlyMap<string, string>>(new Map())
  private readonly asked = new Set<string>()

  /** Empty while they are not there, and when the post belongs to a department of others. */
  words(id: string): string {
    return this.known.get(id) ?? ''
  }

  async read(id: string): Promise<void> {
    if (this.asked.has(id)) return
    this.asked.add(id)
    try {
      const { posts } = await fetchIncident(id)
      const text = posts.find(({ mention }) => mention?.text)?.mention?.text ?? ''
      this.known = new Map(this.known).set(id, opening(text))
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      this.asked.delete(id)
    }
  }
}

export const gravest = new Gravest()
