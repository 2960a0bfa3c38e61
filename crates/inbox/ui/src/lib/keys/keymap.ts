/** Keys in, commands out. Sequences such as `g i` are two strokes within a second and a half. */

export interface Binding {
  /** `j`, `Shift+J`, `Mod+k`, or two strokes: `g i`. `Mod` is Command on a Mac, else Control. */
  keys: string
  command: string
}

export interface Stroke {
  key: string
  shiftKey: boolean
  ctrlKey: boolean
  metaKey: boolean
  altKey: boolean
}

export interface KeyState {
  /** The first stroke of a sequence. */
  prefix: string
  at: number
}

export const IDLE: KeyState = { prefix: '', at: 0 }

/** Long enough to look for the second key, short enough that a forgotten one does no harm. */
const SEQUENCE_MS = 1_500

export interface Step {
  state: KeyState
  command?: string
  /** The key belongs to us, whether or not a command follows yet. */
  taken: boolean
}

export function step(
  bindings: readonly Binding[],
  state: KeyState,
  stroke: Stroke,
  now: number,
): Step {
  const name = nameOf(stroke)
  const prefix = now - state.at <= SEQUENCE_MS ? state.prefix : ''
  if (!name) return { state, taken: false }
  if (prefix) {
    const second = bindings.find((binding) => binding.keys === `${prefix} ${name}`)
    if (second) return { state: IDLE, command: second.command, taken: true }
  }
  const single = bindings.find((binding) => binding.keys === name)
  if (single) return { state: IDLE, command: single.command, taken: true }
  const begins = bindings.some((binding) => binding.keys.startsWith(`${name} `))
  return begins ? { state: { prefix: name, at: now }, taken: true } : { state: IDLE, taken: false }
}

/** The stroke as bindings write it; empty for a modifier alone. */
export function nameOf({ key, shiftKey, ctrlKey, metaKey, altKey }: Stroke): string {
  if (['Shift', 'Control', 'Meta', 'Alt', 'AltGraph', 'CapsLock', 'Dead'].includes(key)) return ''
  const mod = ctrlKey || metaKey ? 'Mod+' : ''
  const alt = altKey && mod ? 'Alt+' : ''
  const letter = key.length === 1 && key.toLowerCase() !== key.toUpperCase()
  const shift = shiftKey && (letter || key.length > 1) ? 'Shift+' : ''
  return mod + alt + shift + (letter ? key.toLowerCase() : key === ' ' ? 'Space' : key)
}

/** Whether a stroke types something here, so that single keys must keep out. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  if (target.isContentEditable) return true
  if (target instanceof HTMLInputElement)
    return !['checkbox', 'radio', 'button'].includes(target.type)
  return target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement
}
