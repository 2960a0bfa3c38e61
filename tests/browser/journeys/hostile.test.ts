import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launch, picture, Watched } from '../support/browser'
import { PAYLOADS } from '../support/hostile'
import { mention, Server, until, type Json } from '../support/server'

let server: Server
let browser: Browser

beforeAll(async () => {
  server = await Server.start()
  browser = await launch()
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

/** The payload in every field that takes a text; one that the server refuses never reaches a page. */
function posts(payload: string, number: number): Json[] {
  const url = /^https?:/.test(payload) ? payload : `https://social.example/${encodeURIComponent(payload).slice(0, 500)}`
  const short = [...payload].slice(0, 120).join('')
  const author = { id: `hostile-${number}`, handle: short, name: short }
  return [
    mention(`Acme lost my bag. ${payload}`, { author, lang: 'en', media: [{ kind: 'image', url, alt: short }] }),
    mention(`Acme lost my bag, worst airline. ${number}`, {
      author: { ...author, id: `hostile-b-${number}` }, url: payload, account: short, source: short,
      conversation_id: `c-${number}`, media: [{ kind: short, url: payload, alt: payload.slice(0, 900) }],
    }),
  ]
}

test('hostile text is text wherever it stands', async () => {
  expect(PAYLOADS.length).toBeGreaterThan(190)
  let taken = 0
  for (let from = 0; from < PAYLOADS.length; from += 50) {
    const batch = PAYLOADS.slice(from, from + 50).flatMap((payload, offset) => posts(payload, from + offset))
    const answer = await server.api('POST', '/api/v1/mentions', batch).catch((error: Error) => ({ accepted: 0, error: error.message }))
    taken += Number((answer as Json).accepted ?? 0)
  }
  expect(taken).toBeGreaterThan(PAYLOADS.length)
  let tickets: { id: string }[] = []
  await until('the tickets', async () => {
    tickets = []
    let cursor = ''
    for (;;) {
      const page = await server.api('GET', `/api/v1/tickets?limit=200${cursor}`)
      tickets.push(...(page.tickets as { id: string }[]))
      if (!page.next) break
      cursor = `&cursor=${String(page.next)}`
    }
    return tickets.length >= taken * 0.9
  })
  const notes = PAYLOADS.slice(0, 60)
  for (const [index, text] of notes.entries()) {
    const ticket = tickets[index]
    if (ticket && text.trim() !== '') await server.api('POST', `/api/v1/tickets/${ticket.id}/note`, { text }).catch(() => undefined)
  }

  const watched = await Watched.open(browser)
  const page = await watched.context.newPage()
  const asked: string[] = []
  page.on('request', (request) => {
    const { origin, protocol } = new URL(request.url())
    if (protocol !== 'data:' && origin !== server.url) asked.push(request.url())
  })
  await page.goto(`${server.invite({ name: 'ann', role: 'admin' })}?to=inbox`)
  await page.goto(`${server.url}/all`)
  const list = page.getByRole('listbox')
  await page.getByRole('option').first().waitFor()
  await picture(page, '30-hostile-list')

  // Every row passes by, and every twentieth ticket is opened with all that stands in it.
  await list.focus()
  for (let step = 0; step < 120; step += 1) await page.keyboard.press('j')
  for (const ticket of tickets.filter((_, index) => index < 60 || index % 20 === 0)) {
    await page.goto(`${server.url}/tickets/${ticket.id}`)
    await page.getByRole('region', { name: `Ticket ${ticket.id}` }).getByText(/Acme lost my bag/).first().waitFor()
    const strange = await page.evaluate(() => ({
      scripts: [...document.scripts].filter((script) => !script.src).length,
      frames: document.querySelectorAll('iframe, object, embed, base, form[action^="//"]').length,
      links: [...document.querySelectorAll('a')].filter((link) => !['http:', 'https:', 'mailto:'].includes(link.protocol)).map((link) => link.href),
      handlers: document.querySelectorAll('[onerror],[onload],[onclick],[onmouseover],[onfocus]').length,
      wide: document.documentElement.scrollWidth > innerWidth + 1,
    }))
    expect(strange, `ticket ${ticket.id}`).toEqual({ scripts: 0, frames: 0, links: [], handlers: 0, wide: false })
  }
  await picture(page, '31-hostile-ticket')
  expect(asked).toEqual([])
  expect(watched.faults).toEqual([])
})
