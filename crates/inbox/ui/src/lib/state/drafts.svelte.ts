/** What was typed and not sent. It outlives a lost connection, a conflict and a new sign-in. */
export type Kind = 'reply' | 'note'

const KEY = 'switchboard.drafts'

/** Longer texts are kept in the page only. */
const STORED_MAX = 200_000

class Drafts {
  private texts = $state<Record<string, string>>(read())

  get(ticket: string, kind: Kind): string {
    return this.texts[`${kind} ${ticket}`] ?? ''
  }

  set(ticket: string, kind: Kind, text: string): void {
    if (text === '') delete this.texts[`${kind} ${ticket}`]
    else this.texts[`${kind} ${ticket}`] = text
    const all = JSON.stringify(this.texts)
    try {
      if (all.length <= STORED_MAX) sessionStorage.setItem(KEY, all)
    } catch {}
  }

  has(ticket: string): boolean {
    return `reply ${ticket}` in this.texts || `note ${ticket}` in this.texts
  }
}

function read(): Record<string, string> {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '{}')
    const texts = Object.entries(kept ?? {}).filter(([, text]) => typeof text === 'string')
    return Object.fromEntries(texts)
  } catch {
    return {}
  }
}

export const drafts = new Drafts()
