/** The address is the state: view and ticket can be sent to a colleague. */
import { fixedViews } from '../list/view'

export type Route =
  | { page: 'list'; view: string; ticket?: string }
  | { page: 'incidents' }
  | { page: 'incident'; id: string }
  | { page: 'lost'; path: string }


export function parse(path: string, search: string): Route {
  const parts = path.split('/').filter(Boolean).map(decode)
  const [first = 'inbox', second] = parts
  if (parts.length > 2) return { page: 'lost', path }
  if (first === 'tickets' && second) return { page: 'list', view: 'all', ticket: second }
  if (first === 'incidents')
    return second ? { page: 'incident', id: second } : { page: 'incidents' }
  const ticket = new URLSearchParams(search).get('ticket') ?? undefined
  if (first === 'queues' && second) return { page: 'list', view: `queues/${second}`, ticket }
  if (isView(first) && !second) return { page: 'list', view: first, ticket }
  return { page: 'lost', path }
}

const isView = (path: string) => fixedViews('').some((view) => view.path === path)

export function format(route: Route): string {
  switch (route.page) {
    case 'list': {
      const path = `/${route.view.split('/').map(encodeURIComponent).join('/')}`
      return route.ticket ? `${path}?ticket=${encodeURIComponent(route.ticket)}` : path
    }
    case 'incidents':
      return '/incidents'
    case 'incident':
      return `/incidents/${encodeURIComponent(route.id)}`
    case 'lost':
      return route.path
  }
}

/** An address somebody typed may hold a lone per cent sign. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
