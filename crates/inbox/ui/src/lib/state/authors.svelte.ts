/** The author beside the open ticket: read when somebody stays, kept for going back. */
import { author as fetchAuthor } from '../api/calls'
import { Problem } from '../api/client'
import type { Profile, Ticket } from '../api/types'
import { extended, patched } from '../author/history'

/** While somebody runs through the list with `j`, nobody's history is read. */
const SETTLE_MS = 160

/** Profiles that stay at hand. */
const KEPT_MAX = 30

class Authors {
  key = $state('')
  profile = $state.raw<Profile>()
  problem = $state.raw<Problem>()
  /** An older page is on its way. */
  reading = $state(false)

  private readonly kept = new Map<string, Profile>()
  private timer: ReturnType<typeof setTimeout> | undefined
  private asking: AbortController | undefined

  open(key: string): void {
    if (key === this.key) return
    this.key = key
    this.problem = undefined
    this.profile = this.kept.get(key)
    this.refresh()
  }

  refresh(inMs = SETTLE_MS): void {
    clearTimeout(this.timer)
    this.asking?.abort()
    this.timer = setTimeout(() => void this.read(), inMs)
  }

  close(): void {
    clearTimeout(this.timer)
    this.asking?.abort()
    this.key = ''
  }

  /** What a change of the links answered with, or a page of history. */
  take(key: string, profile: Profile): void {
    this.keep(key, profile)
    if (key === this.key) this.profile = profile
  }

  /** Tickets that came live. */
  apply(tickets: readonly Ticket[]): void {
    if (this.profile) this.take(this.key, patched(this.profile, tickets))
  }

  async more(): Promise<void> {
    const { key, profile } = this
    if (!profile?.next || this.reading) return
    this.reading = true
    try {
      const page = await fetchAuthor(key, profile.next)
      this.take(key, extended(this.key === key && this.profile ? this.profile : profile, page))
      this.problem = undefined
    } catch (error) {
      this.fail(key, error)
    } finally {
      this.reading = false
    }
  }

  private async read(): Promise<void> {
    const { key } = this
    if (!key) return
    this.asking = new AbortController()
    const { signal } = this.asking
    try {
      const profile = await fetchAuthor(key, undefined, signal)
      if (this.key === key) this.problem = undefined
      this.take(key, profile)
    } catch (error) {
      if (!signal.aborted) this.fail(key, error)
    }
  }

  private fail(key: string, error: unknown): void {
    if (!(error instanceof Problem)) throw error
    if (this.key === key) this.problem = error
  }

  private keep(key: string, profile: Profile): void {
    this.kept.delete(key)
    this.kept.set(key, profile)
    const oldest = this.kept.keys().next().value
    if (this.kept.size > KEPT_MAX && oldest !== undefined) this.kept.delete(oldest)
  }
}

export const authors = new Authors()
