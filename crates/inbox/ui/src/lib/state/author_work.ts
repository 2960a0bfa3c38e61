/** Saying that two accounts are one author's, and taking it back: by hand, with a reason. */
import { linkAuthors, unlinkAuthors } from '../api/calls'
import { Problem } from '../api/client'
import type { AuthorLink, Profile, Ticket } from '../api/types'
import { linked } from '../author/history'
import { visible } from '../text/controls'
import { authorName, capital, platformName } from '../ticket/names'
import { typedTicket } from '../ticket/regroup'
import { authors } from './authors.svelte'
import { dialogs } from './dialog.svelte'
import { inbox } from './inbox.svelte'
import { toasts } from './toasts.svelte'
import { offer, readTicket, seen } from './work.svelte'

/** So many accounts of the list are offered; the rest is found by a ticket's number. */
const OFFERED_MAX = 100

export function askOtherAuthor(id: string): void {
  const ticket = seen(id)
  const key = ticket?.author
  if (!ticket || !key) {
    toasts.show(`The platform does not say whose account wrote #${id}.`)
    return
  }
  dialogs.choose({
    title: `Who else is ${who(ticket)}? A name, or the number of a ticket`,
    choices: strangers(ticket).map((other) => ({
      value: other.id,
      title: who(other),
      note: `#${other.id}`,
    })),
    filter: true,
    typed: (words) => {
      const number = typedTicket(words)
      return number === undefined
        ? undefined
        : { value: number, title: `Who wrote ticket #${number}` }
    },
    none: 'Nobody in this list is called that. The number of one of their tickets finds them.',
    choose: (other) => void askReason(key, ticket, other),
  })
}

/** Who wrote the tickets in the list, each once, without those who are known to be the author. */
function strangers(ticket: Ticket): Ticket[] {
  const known = new Set<string>([ticket.author ?? ''])
  if (authors.key === ticket.author)
    for (const account of authors.profile?.accounts ?? []) known.add(account.key)
  const found: Ticket[] = []
  for (const id of inbox.list.ids) {
    const other = inbox.list.row(id)
    if (!other?.author || known.has(other.author)) continue
    known.add(other.author)
    found.push(other)
    if (found.length === OFFERED_MAX) break
  }
  return found
}

async function askReason(key: string, ticket: Ticket, id: string): Promise<void> {
  const other = seen(id) ?? (await readTicket(id))
  if (!other) return
  const { author } = other
  if (!author || author === key) {
    toasts.show(author ? `#${id} was written by the same account.` : `The platform does not say who wrote #${id}.`)
    return
  }
  dialogs.open = {
    kind: 'words',
    title: `Is ${who(ticket)} also ${who(other)}?`,
    says: ['Their tickets then stand in one history, for everybody who may see them. Nothing is merged, and the link can be taken back.'],
    label: 'How do you know?',
    button: 'Link the accounts',
    send: (reason) => change(key, () => linkAuthors(key, author, reason), (profile) => linkedNow(key, profile, reason)),
  }
}

/** The undo takes back the link that was just made, and none that stood there before. */
function linkedNow(key: string, profile: Profile, reason: string): void {
  const made = profile.links.findLast((link) => link.reason === reason)
  if (!made) return
  offer('The accounts are linked', () => {
    const undone = () => unlinkAuthors(key, made.id, 'undone at once by whoever linked them')
    void change(key, undone, () => toasts.show('The accounts are apart again')).then((problem) => {
      if (problem) toasts.show(`The link stands: ${problem}`, 'failed')
    })
  })
}

export function takeBackLink(key: string, profile: Profile, link: AuthorLink): void {
  dialogs.open = {
    kind: 'words',
    title: 'Take the link back?',
    says: [`${visible(linked(profile, link))} will be two authors again. Both steps stand in the audit.`],
    label: 'Why is it wrong?',
    button: 'Take it back',
    send: (reason) => change(key, () => unlinkAuthors(key, link.id, reason), () => toasts.show('The accounts are apart again')),
  }
}

async function change(
  key: string,
  ask: () => Promise<Profile>,
  then: (profile: Profile) => void,
): Promise<string | undefined> {
  try {
    const profile = await ask()
    authors.take(key, profile)
    then(profile)
    return undefined
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return capital(error.message)
  }
}

const who = ({ mention, platform }: Ticket): string =>
  `${visible(authorName(mention.author))} on ${platformName(platform)}`
