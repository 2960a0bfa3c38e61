/** Short messages at the foot of the page; one that can be undone stands eight seconds. */
const STANDS_MS = 8_000

/** More would cover the list. */
const SHOWN_MAX = 3

export interface Toast {
  id: number
  text: string
  tone: 'done' | 'failed'
  action?: { title: string; run: () => void }
}

class Toasts {
  shown = $state.raw<readonly Toast[]>([])
  private count = 0

  show(text: string, tone: Toast['tone'] = 'done', action?: Toast['action']): number {
    const toast = { id: ++this.count, text, tone, action }
    // Said twice, it stands once.
    const others = this.shown.filter((shown) => shown.text !== text)
    this.shown = [...others, toast].slice(-SHOWN_MAX)
    setTimeout(() => this.dismiss(toast.id), tone === 'failed' ? 2 * STANDS_MS : STANDS_MS)
    return toast.id
  }

  dismiss(id: number): void {
    this.shown = this.shown.filter((toast) => toast.id !== id)
  }
}

export const toasts = new Toasts()
