import type { Ticket } from '../api/types'

/** A ticket as the list shows it, with what the test cares about. */
export function ticket(id: string, members: Partial<Ticket> = {}): Ticket {
  return {
    id,
    version: 1,
    department: 'support',
    helpers: [],
    label: 'complaint',
    labels: ['complaint'],
    status: 'open',
    priority: 'normal',
    assignee: null,
    brand: 'acme',
    platform: 'x',
    language: 'en',
    severity: 2,
    topics: [],
    needs_review: false,
    created_at: '2026-03-01T12:00:00Z',
    updated_at: '2026-03-01T12:00:00Z',
    mention: { platform: 'x', id, text: `post ${id}` },
    mention_count: 1,
    clocks: [],
    ...members,
  }
}
