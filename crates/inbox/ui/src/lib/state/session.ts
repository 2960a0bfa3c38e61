/** What follows from who is signed in. */
import type { Session } from '../api/types'

/** Agents and viewers see the tickets of their departments: without one, none at all. */
export function seesNothing(session: Session | undefined): boolean {
  if (!session) return false
  return ['agent', 'viewer'].includes(session.role) && session.departments.length === 0
}
