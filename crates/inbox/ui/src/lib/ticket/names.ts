/** The words for what the API says in slugs. */
import type { Label, Priority } from '../api/types'

export const LABELS: readonly Label[] = ['complaint', 'lead', 'pr_risk', 'general']
export const PRIORITIES: readonly Priority[] = ['urgent', 'high', 'normal', 'low']

const LABEL_NAMES: Record<Label, string> = {
  complaint: 'Complaint',
  lead: 'Lead',
  pr_risk: 'PR risk',
  general: 'General',
}

const PLATFORM_NAMES: Record<string, string> = {
  x: 'X',
  bluesky: 'Bluesky',
  mastodon: 'Mastodon',
  hackernews: 'Hacker News',
  feed: 'Feed',
  youtube: 'YouTube',
  tiktok: 'TikTok',
  linkedin: 'LinkedIn',
  api: 'API',
}

export const labelName = (label: string): string => LABEL_NAMES[label as Label] ?? words(label)
export const platformName = (slug: string): string => PLATFORM_NAMES[slug] ?? capital(slug)
export const words = (slug: string): string => slug.replaceAll('_', ' ')
export const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

/** `pr` and `hr` are abbreviations; longer slugs are words. */
export const departmentName = (slug: string): string =>
  slug.length <= 2 ? slug.toUpperCase() : capital(words(slug).replaceAll('-', ' '))

/** Who wrote a post, in one word. */
export function authorName(author: { handle?: string; name?: string; id?: string } | undefined) {
  return author?.name || (author?.handle && `@${author.handle}`) || author?.id || 'Unknown author'
}
