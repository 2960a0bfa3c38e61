/** The one dialog that may stand open: a choice, the palette, some words, a proof, or the sheet of shortcuts. */
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

export interface ChoiceAsked {
  title: string
  choices: Choice[]
  filter: boolean
  /** What one should know before choosing, a paragraph each; only without `filter`. */
  says?: string[]
  /** What the words in the field mean besides; only with `filter`. */
  typed?: (words: string) => Choice | undefined
  /** What stands where nothing fits what was typed. */
  none?: string
  choose: (value: string) => void
}

/** A sentence of one's own is asked for. */
export interface WordsAsked {
  title: string
  says: string[]
  label: string
  button: string
  /** Resolves to what went wrong; the dialog then stays open with the words in it. */
  send: (words: string) => Promise<string | undefined>
}

export type Dialog =
  | { kind: 'help' }
  | { kind: 'proof'; ticket: string }
  | ({ kind: 'words' } & WordsAsked)
  | ({ kind: 'choice' } & ChoiceAsked)

class Dialogs {
  open = $state.raw<Dialog>()

  /** `which`: a dialog that is already gone closes none that came after it. */
  close(which = this.open): void {
    if (this.open === which) this.open = undefined
  }

  choose(asked: ChoiceAsked): void {
    this.open = { kind: 'choice', ...asked }
  }

  /** A yes, by Enter, to something that concerns more than one ticket; where it is likely to be
   * a mistake, Enter alone leaves things as they are. */
  confirm(asked: { title: string; says: string[]; yes: string; isOdd?: boolean }, carryOut: () => unknown): void {
    const { title, says, yes, isOdd = false } = asked
    const both = [
      { value: 'yes', title: yes, keys: 'y' },
      { value: 'no', title: 'Leave it as it is', keys: 'n' },
    ]
    const choices = isOdd ? both.reverse() : both
    const choose = (value: string) => {
      if (value === 'yes') void carryOut()
    }
    this.choose({ title, says, choices, filter: false, choose })
  }
}

export const dialogs = new Dialogs()
