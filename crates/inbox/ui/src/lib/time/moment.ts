/** Instants as people say them. */
const timeOfDay = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })
const dayAndTime = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
})
const timeWithSeconds = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
const dayWithSeconds = new Intl.DateTimeFormat(undefined, {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
})
const everything = new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' })

/** `14:05`, or with the day when that is another one. */
export function moment(instant: string | undefined, now: number): string {
  if (!instant) return ''
  const date = new Date(instant)
  if (Number.isNaN(date.getTime())) return instant
  const today = new Date(now).toDateString() === date.toDateString()
  return (today ? timeOfDay : dayAndTime).format(date)
}

/** The same to the second, where sums are made of it. */
export function second(instant: string | undefined, now: number): string {
  if (!instant) return ''
  const date = new Date(instant)
  if (Number.isNaN(date.getTime())) return instant
  const today = new Date(now).toDateString() === date.toDateString()
  return (today ? timeWithSeconds : dayWithSeconds).format(date)
}

/** For a tooltip: the whole truth. */
export function exact(instant: string | undefined): string {
  if (!instant) return ''
  const date = new Date(instant)
  return Number.isNaN(date.getTime()) ? instant : everything.format(date)
}

/** How long ago, in one unit: `now`, `4m`, `3h`, `2d`. */
export function ago(instant: string | undefined, now: number): string {
  const passed = instant ? now - Date.parse(instant) : Number.NaN
  if (Number.isNaN(passed)) return ''
  const minutes = Math.floor(passed / 60_000)
  if (minutes < 1) return 'now'
  if (minutes < 60) return `${minutes}m`
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)}h`
  return `${Math.floor(minutes / (24 * 60))}d`
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })

export const amount = (number: number): string => compact.format(number)
