/** What a person chose about the page itself; kept in the browser, never sent anywhere. */
type Theme = 'system' | 'light' | 'dark'
type Density = 'comfortable' | 'compact'

function stored<T extends string>(key: string, allowed: readonly T[], fallback: T): T {
  try {
    const value = localStorage.getItem(`switchboard.${key}`) as T
    return allowed.includes(value) ? value : fallback
  } catch {
    return fallback
  }
}

/** A browser that keeps nothing still works; the choice then lasts as long as the page. */
function store(key: string, value: string): void {
  try {
    localStorage.setItem(`switchboard.${key}`, value)
  } catch {}
}

const YES_NO = ['on', 'off'] as const

class Preferences {
  theme = $state<Theme>(stored('theme', ['system', 'light', 'dark'], 'system'))
  density = $state<Density>(stored('density', ['comfortable', 'compact'], 'comfortable'))
  shortcuts = $state(stored('shortcuts', YES_NO, 'on') === 'on')
  views = $state(stored('views', YES_NO, 'on') === 'on')
  /** Whether the demo still says that it is one. */
  demoNote = $state(stored('demo-note', YES_NO, 'on') === 'on')
  context = $state(stored('context', YES_NO, 'on') === 'on')

  setTheme(theme: Theme): void {
    this.theme = theme
    store('theme', theme)
    if (theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
  }

  /** What the person sees now, turned over. */
  toggleTheme(): void {
    const dark = matchMedia('(prefers-color-scheme: dark)').matches
    const seen = this.theme === 'system' ? (dark ? 'dark' : 'light') : this.theme
    this.setTheme(seen === 'dark' ? 'light' : 'dark')
  }

  toggleDensity(): void {
    this.density = this.density === 'compact' ? 'comfortable' : 'compact'
    store('density', this.density)
  }

  setShortcuts(on: boolean): void {
    this.shortcuts = on
    store('shortcuts', on ? 'on' : 'off')
  }

  closeDemoNote(): void {
    this.demoNote = false
    store('demo-note', 'off')
  }

  toggleViews(): void {
    this.views = !this.views
    store('views', this.views ? 'on' : 'off')
  }

  toggleContext(): void {
    this.context = !this.context
    store('context', this.context ? 'on' : 'off')
  }
}

export const preferences = new Preferences()
