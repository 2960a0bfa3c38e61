import { format, parse, type Route } from './route'

class Router {
  route = $state.raw<Route>(parse(location.pathname, location.search))

  /** To a page one comes back from. */
  go(route: Route): void {
    if (format(route) !== location.pathname + location.search)
      history.pushState(null, '', format(route))
    this.route = route
  }

  /** The same page, another detail of it: `back` does not stop here. */
  adjust(route: Route): void {
    history.replaceState(null, '', format(route))
    this.route = route
  }

  start(): () => void {
    const read = () => {
      this.route = parse(location.pathname, location.search)
    }
    window.addEventListener('popstate', read)
    return () => window.removeEventListener('popstate', read)
  }

  /** For links: the router takes a plain click, the browser all others. */
  readonly follow = (event: MouseEvent): void => {
    const link = (event.target as Element | null)?.closest?.('a[href]')
    const href = link?.getAttribute('href') ?? ''
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey
    if (!plain || !link?.hasAttribute('data-link')) return
    event.preventDefault()
    const address = new URL(href, location.origin)
    this.go(parse(address.pathname, address.search))
  }
}

export const router = new Router()
