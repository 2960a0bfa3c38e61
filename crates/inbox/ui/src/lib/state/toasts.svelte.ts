/** Short messages at the foot of the page: at most the last thing done and the last failure,
 * for more would cover the list. */

/** Long enough to read it. */
const WORDS_STAND_MS = 4_000
/** Long enough to press the button in it. */
const ACTION_STANDS_MS = 8_000
/** A failure may come while one looks elsewhere. */
const FAILURE_STANDS_MS = 16_000

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
    this.shown = [...this.shown.filter((shown) => shown.tone !== tone), toast]
    setTimeout(() => this.dismiss(toast.id), standsMs(toast))
    return toast.id
  }

  dismiss(id: number): void {
    this.shown = this.shown.filter((toast) => toast.id !== id)
  }
}

function standsMs({ tone, action }: Toast): number {
  if (tone === 'failed') return FAILURE_STANDS_MS
  return action ? ACTION_STANDS_MS : WORDS_STAND_MS
}

export const toasts = new Toasts()
