/** The one dialog that may stand open: a choice, the palette, or the sheet of shortcuts. */
export interface Choice {
  /** What is chosen. */
  value: string
  title: string
  /** Written behind it: a role, a group. */
  note?: string
  /** The shortcut that does the same, or the key that chooses it here. */
  keys?: string
  /** It is so already. */
  current?: boolean
}

export type Dialog =
  | { kind: 'help' }
  | {
      kind: 'choice'
      title: string
      choices: Choice[]
      filter: boolean
      /** What the words in the field mean besides; only with `filter`. */
      typed?: (words: string) => Choice | undefined
      choose: (value: string) => void
    }

class Dialogs {
  open = $state.raw<Dialog>()

  close(): void {
    this.open = undefined
  }
}

export const dialogs = new Dialogs()
