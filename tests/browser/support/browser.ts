/** Headless Chromium, and everything a page must not do. */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Locator, type Page } from 'playwright-core'
import { until, workspace } from './server'

const places = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

export async function launch(): Promise<Browser> {
  const executablePath = places.find((place) => place && existsSync(place))
  if (!executablePath) throw new Error('Chromium is missing: apt-get install chromium, or name one with CHROMIUM=')
  return chromium.launch({ executablePath, args: ['--no-sandbox'] })
}

/** What went wrong on the pages of a context, by the browser's own word. */
export class Watched {
  readonly faults: string[] = []

  private constructor(readonly context: BrowserContext) {}

  static async open(browser: Browser, options: BrowserContextOptions = {}): Promise<Watched> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
    const watched = new Watched(context)
    await context.exposeBinding('reportViolation', (_source, told: string) => { watched.faults.push(`CSP: ${told}`) })
    await context.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) => {
        const report = (globalThis as unknown as { reportViolation: (told: string) => void }).reportViolation
        report(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`)
      })
    })
    context.on('page', (page) => watched.watch(page))
    return watched
  }

  private watch(page: Page): void {
    page.on('dialog', (dialog) => { this.faults.push(`dialog: ${dialog.message()}`); void dialog.dismiss() })
    page.on('pageerror', (error) => this.faults.push(`error: ${error.message}`))
    page.on('console', (message) => {
      const text = message.text()
      if (/Content Security Policy|Trusted ?Type/i.test(text)) this.faults.push(`console: ${text}`)
    })
  }
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Found { id: string; help: string; nodes: { html: string; failureSummary?: string }[] }

/** Every rule of axe, best practices too. Evaluated past the page's own policy. */
export async function axeFaults(page: Page): Promise<string[]> {
  await page.evaluate(axe)
  const found = await page.evaluate(async () => {
    const axe = (globalThis as unknown as { axe: { run: () => Promise<{ violations: Found[] }> } }).axe
    return (await axe.run()).violations
  })
  return found.flatMap(({ id, help, nodes }) => nodes.map((node) => `${id} (${help}): ${node.html.slice(0, 200)} ${node.failureSummary ?? ''}`))
}

/** Kept as artefacts, and looked at by people. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = join(workspace, 'target/screenshots')
  mkdirSync(folder, { recursive: true })
  await page.screenshot({ path: join(folder, `${name}.png`) })
}

/** The row with these words; what is new may wait behind the pill. */
export async function rowWith(page: Page, words: string): Promise<Locator> {
  const row = page.getByRole('option').filter({ hasText: words })
  const pill = page.getByTitle('Show what is new (.)')
  await until(`a row with "${words}"`, async () => {
    if (await row.first().isVisible()) return true
    if (await pill.isVisible()) await pill.click()
    return false
  })
  return row.first()
}
