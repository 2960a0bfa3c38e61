import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { axeFaults, launch, picture, Watched } from '../support/browser'
import { mention, Server } from '../support/server'

let server: Server
let browser: Browser
let ticket: string
let held: string

beforeAll(async () => {
  server = await Server.start()
  browser = await launch()
  const words = ['Acme lost my bag. Third time. I want it back.', 'Do you fly to Lisbon in May? Four of us.', 'Lovely sunset from 12A.',
    'The child next to us was hurt when the handle broke, Acme. The video is online.']
  const posts = words.map((text, index) => mention(text, { author: { id: `a${index}`, handle: `a${index}@social.example`, name: `A ${index}`, followers: 12_000 * (index + 1) } }))
  await server.post(...posts)
  ticket = await server.ticketOf(String(posts[0]?.id))
  held = await server.ticketOf(String(posts[1]?.id))
  await server.api('POST', `/api/v1/tickets/${held}/hold`, { kind: 'waiting_customer' })
  await server.api('POST', `/api/v1/tickets/${ticket}/note`, { text: 'It stands in Lisbon.' })
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

const PAGES: readonly { name: string; path: () => string; ready: string }[] = [
  { name: 'inbox', path: () => '/inbox', ready: '[role=option]' },
  { name: 'all', path: () => '/all', ready: '[role=option]' },
  { name: 'waiting', path: () => '/waiting', ready: '[role=option]' },
  { name: 'held', path: () => `/tickets/${held}`, ready: '.held' },
  { name: 'empty', path: () => '/mine', ready: '.list' },
  { name: 'ticket', path: () => `/tickets/${ticket}`, ready: 'textarea' },
  { name: 'incidents', path: () => '/incidents', ready: 'h1, h2' },
  { name: 'lost', path: () => '/nowhere/at/all', ready: '.page' },
  { name: 'account', path: () => '/account', ready: 'h1' },
]

test.each([
  ['light', 1280], ['dark', 1280], ['light', 390], ['dark', 390],
] as const)('axe finds nothing in %s at %i pixels', async (colorScheme, width) => {
  const options = { colorScheme, viewport: { width, height: 844 } }
  const watched = await Watched.open(browser, options)
  const page = await watched.context.newPage()
  const found: string[] = []
  const look = async (name: string): Promise<void> => {
    await picture(page, `40-${name}-${colorScheme}-${width}`)
    found.push(...(await axeFaults(page)).map((fault) => `${name}: ${fault}`))
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1)
    if (wide) found.push(`${name}: wider than the screen`)
  }
  await page.goto(`${server.url}/login`)
  await page.locator('h1').waitFor()
  await look('login')
  await page.goto(`${server.invite({ name: `ann-${colorScheme}-${width}`, role: 'admin' })}?to=inbox`)
  for (const { name, path, ready } of PAGES) {
    await page.goto(server.url + path())
    await page.locator(ready).first().waitFor({ state: 'attached' })
    await look(name)
  }
  await page.goto(`${server.url}/inbox`)
  await page.getByRole('listbox').focus()
  await page.keyboard.press('?')
  await page.getByRole('dialog').waitFor()
  await look('keys')
  await page.goto(`${server.url}/tickets/${ticket}`)
  await page.locator('textarea').waitFor()
  await page.keyboard.press('h')
  await page.getByRole('dialog').waitFor()
  await look('hold')
  await page.keyboard.press('1')
  await page.getByRole('combobox').waitFor()
  await look('until')
  await page.keyboard.press('Escape')
  await page.keyboard.press('t')
  await page.getByRole('dialog').getByRole('table').first().waitFor()
  await look('proof')
  await page.keyboard.press('Escape')
  await page.keyboard.press('m')
  await page.getByRole('combobox').waitFor()
  await page.getByRole('option').first().waitFor()
  await look('merge')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: /^Merge #/ }).waitFor()
  await look('merge-asked')
  expect(found).toEqual([])
})

test.each([390, 320])('at %i pixels nothing of a ticket is cut off', async (width) => {
  const watched = await Watched.open(browser, { viewport: { width, height: 844 }, hasTouch: true })
  const page = await watched.context.newPage()
  await page.goto(`${server.invite({ name: `narrow-${width}`, role: 'admin' })}?to=inbox`)
  for (const id of [ticket, held]) {
    await page.goto(`${server.url}/tickets/${id}`)
    await page.getByRole('region', { name: `Ticket ${id}` }).getByRole('article').first().waitFor()
    const beyond = await page.evaluate(() => [...document.querySelectorAll('.ticket *')]
      .filter((one) => !one.closest('.cut, .hidden') && one.getBoundingClientRect().right > innerWidth + 1)
      .map((one) => one.className))
    expect(beyond, `ticket ${id}`).toEqual([])
  }
})

test('on a narrow screen one thing is seen at a time, and the way back is there', async () => {
  const watched = await Watched.open(browser, { viewport: { width: 390, height: 844 }, hasTouch: true })
  const page = await watched.context.newPage()
  await page.goto(`${server.invite({ name: 'narrow', role: 'admin' })}?to=inbox`)
  await page.getByRole('option').filter({ hasText: 'lost my bag' }).tap()
  await page.getByRole('region', { name: `Ticket ${ticket}` }).waitFor()
  expect(await page.getByRole('listbox').isVisible()).toBe(false)
  await picture(page, '50-narrow-ticket')
  await page.getByRole('button', { name: 'Back to the list' }).tap()
  await page.getByRole('option').first().waitFor()
  await page.getByRole('button', { name: 'Views' }).tap()
  await page.getByRole('link', { name: /Unassigned/ }).waitFor()
  await picture(page, '51-narrow-views')
  expect(watched.faults).toEqual([])
})
