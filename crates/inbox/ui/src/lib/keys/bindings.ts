/** Every shortcut once: the handler, the sheet and the palette are made from this list. */
import type { Binding } from './keymap'

export interface Shortcut extends Binding {
  /** What it does, as the sheet and the palette say it. */
  title: string
  group: 'Move' | 'Work on the ticket' | 'Author and posts' | 'Go to' | 'Page'
  /** Not offered in the palette: it would make no sense there. */
  onlyKey?: boolean
}

export const SHORTCUTS: readonly Shortcut[] = [
  { keys: 'j', command: 'next', title: 'Next ticket', group: 'Move', onlyKey: true },
  { keys: 'k', command: 'previous', title: 'Previous ticket', group: 'Move', onlyKey: true },
  { keys: 'Enter', command: 'open', title: 'Open the ticket', group: 'Move', onlyKey: true },
  { keys: 'o', command: 'open', title: 'Open the ticket', group: 'Move', onlyKey: true },
  { keys: 'u', command: 'back', title: 'Back to the list', group: 'Move', onlyKey: true },
  { keys: 'Escape', command: 'back', title: 'Back to the list', group: 'Move', onlyKey: true },
  { keys: '/', command: 'search', title: 'Search in this list', group: 'Move' },
  { keys: '.', command: 'settle', title: 'Show what is new', group: 'Move' },

  { keys: 'r', command: 'reply', title: 'Reply', group: 'Work on the ticket' },
  { keys: 'n', command: 'note', title: 'Write a note', group: 'Work on the ticket' },
  {
    keys: 'e',
    command: 'resolve',
    title: 'Resolve, and on to the next',
    group: 'Work on the ticket',
  },
  { keys: 'Shift+e', command: 'reopen', title: 'Reopen', group: 'Work on the ticket' },
  { keys: 'i', command: 'claim', title: 'Take it yourself', group: 'Work on the ticket' },
  { keys: 'a', command: 'assign', title: 'Assign to …', group: 'Work on the ticket' },
  { keys: 'h', command: 'hold', title: 'Let it wait, or put it off …', group: 'Work on the ticket' },
  { keys: 'Shift+h', command: 'release', title: 'It is our turn again', group: 'Work on the ticket' },
  { keys: 'c', command: 'relabel', title: 'Correct the label …', group: 'Work on the ticket' },
  { keys: 'd', command: 'move', title: 'Move to department …', group: 'Work on the ticket' },
  { keys: 'p', command: 'priority', title: 'Set the priority …', group: 'Work on the ticket' },
  { keys: 'w', command: 'author', title: 'Who wrote it, and what else', group: 'Author and posts' },
  { keys: 't', command: 'proof', title: 'Why this deadline', group: 'Work on the ticket' },
  { keys: 'm', command: 'merge', title: 'Merge into another ticket …', group: 'Author and posts' },
  { keys: 'Shift+m', command: 'unmerge', title: 'Undo a merge …', group: 'Author and posts' },
  { keys: 's', command: 'split', title: 'Split a post out …', group: 'Author and posts' },
  {
    keys: 'Mod+Enter',
    command: 'send',
    title: 'Record what you wrote',
    group: 'Work on the ticket',
    onlyKey: true,
  },
  { keys: 'z', command: 'undo', title: 'Undo', group: 'Work on the ticket' },

  { keys: 'g i', command: 'go inbox', title: 'Inbox', group: 'Go to' },
  { keys: 'g m', command: 'go mine', title: 'My tickets', group: 'Go to' },
  { keys: 'g u', command: 'go unassigned', title: 'Unassigned', group: 'Go to' },
  { keys: 'g b', command: 'go breaching', title: 'Breaching', group: 'Go to' },
  { keys: 'g w', command: 'go waiting', title: 'Waiting', group: 'Go to' },
  { keys: 'g a', command: 'go all', title: 'All open', group: 'Go to' },
  { keys: 'g r', command: 'go resolved', title: 'Resolved', group: 'Go to' },
  { keys: 'g c', command: 'go incidents', title: 'Incidents', group: 'Go to' },

  { keys: 'Mod+k', command: 'palette', title: 'All commands', group: 'Page', onlyKey: true },
  { keys: '?', command: 'help', title: 'Keyboard shortcuts', group: 'Page' },
  { keys: '[', command: 'toggle-views', title: 'Show or hide the views', group: 'Page' },
  { keys: ']', command: 'toggle-context', title: 'Show or hide the reasons', group: 'Page' },
]

const isMac = typeof navigator !== 'undefined' && /Mac|iP(hone|ad)/.test(navigator.platform)

/** As it stands on the keyboard before the person. */
export function keyCaps(keys: string): string[] {
  const names: Record<string, string> = { Mod: isMac ? '⌘' : 'Ctrl', Escape: 'Esc', Shift: '⇧' }
  return keys.split(/[ +]/).map((key) => names[key] ?? (key.length === 1 ? key.toUpperCase() : key))
}

export const keysOf = (command: string): string | undefined =>
  SHORTCUTS.find((shortcut) => shortcut.command === command)?.keys
