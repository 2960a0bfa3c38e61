/** Times to come, as people name them: chosen from a list, or typed. */
const HOUR = 3_600_000
const DAY = 24 * HOUR

/** When a working day begins and when its evening does, by this computer's clock. */
const MORNING = 9
const EVENING = 18

export interface Later {
  title: string
  at: number
}

/** What is chosen most. A time within the next half hour is none of them. */
export function laterChoices(now: number): Later[] {
  const today = new Date(now)
  const evening = clockTime(today, 0, EVENING)
  const monday = ((8 - today.getDay()) % 7 || 7) as number
  const choices = [
    { title: 'In an hour', at: now + HOUR },
    { title: 'In three hours', at: now + 3 * HOUR },
    { title: 'This evening', at: evening },
    { title: 'Tomorrow morning', at: clockTime(today, 1, MORNING) },
    { title: 'Monday morning', at: clockTime(today, monday, MORNING) },
    { title: 'In a week', at: clockTime(today, 7, MORNING) },
  ]
  // On a Sunday, tomorrow is Monday; on a Monday, a week from now is one too.
  const known = new Set<number>()
  return choices.filter(({ at }) => {
    const isNew = at > now + HOUR / 2 && !known.has(at)
    known.add(at)
    return isNew
  })
}

const UNITS: Record<string, number> = { m: 60_000, h: HOUR, d: DAY, w: 7 * DAY }

/** `45m`, `2h`, `3 days`, `14:30`, `tomorrow 8:15`; undefined for anything else, or the past. */
export function typedLater(text: string, now: number): Later | undefined {
  const words = text.trim().toLowerCase()
  const at = amount(words, now) ?? timeOfDay(words, now)
  return at !== undefined && at > now ? { title: `Until ${words}`, at } : undefined
}

/** Longer than a year is a mistake of the keyboard. */
const FAR = 366 * DAY

function amount(words: string, now: number): number | undefined {
  const match = words.match(/^(?:in )?(\d{1,4}) ?(m|h|d|w)[a-z]*$/)
  const length = Number(match?.[1]) * (UNITS[match?.[2] ?? ''] ?? Number.NaN)
  return length > 0 && length <= FAR ? now + length : undefined
}

function timeOfDay(words: string, now: number): number | undefined {
  const match = words.match(/^(tomorrow )?(?:at )?(\d{1,2})[:.](\d{2})$/)
  const [hour, minute] = [Number(match?.[2]), Number(match?.[3])]
  if (!match || hour > 23 || minute > 59) return undefined
  const today = new Date(now)
  const at = clockTime(today, match[1] ? 1 : 0, hour, minute)
  return at > now ? at : clockTime(today, 1, hour, minute)
}

function clockTime(today: Date, days: number, hour: number, minute = 0): number {
  const { year, month, day } = {
    year: today.getFullYear(),
    month: today.getMonth(),
    day: today.getDate(),
  }
  return new Date(year, month, day + days, hour, minute).getTime()
}
