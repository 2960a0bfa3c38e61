import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { axeFaults, launch, picture, rowWith, Watched } from '../support/browser'
import { mention, Server, until } from '../support/server'

/** A promise whose clocks stand still while it is the author's turn. */
const CONFIG = `
[departments.support]
name = "Customer support"

[departments.legal]
name = "Legal"

[routing]
fallback = "support"

[[routing.rows]]
name = "complaint"
label = ["complaint"]
department = "support"

[[sla.policies]]
name = "patient"
label = ["complaint"]
first_response = { urgent = "1h", high = "1h", normal = "1h", low = "1h" }
resolution = { urgent = "8h", high = "8h", normal = "8h", low = "8h" }
warn_at_percent = [75]
pauses_on = ["waiting_customer"]
`

let server: Server
let browser: Browser

beforeAll(async () => {
  server = await Server.start(CONFIG)
  browser = await launch()
})
afterAll(async () => {
  await browser?.close()
  await server?.stop()
})

test('a ticket waits, its clocks stand still, and it comes back, by keyboard', async () => {
  const asked = mention('My bag is lost again, Acme. Third time. I want it back.')
  const other = mention('Nobody answers the phone at Acme. Unacceptable service.')
  await server.post(asked, other)
  const id = await server.ticketOf(String(asked.id))
  const watched = await Watched.open(browser)
  const page = await watched.context.newPage()
  await page.goto(`${server.invite({ name: 'ann', role: 'supervisor' })}?to=inbox`)
  await rowWith(page, 'bag is lost')
  await page.goto(`${server.url}/inbox?ticket=${id}`)
  const ticket = page.getByRole('region', { name: `Ticket ${id}` })
  await ticket.getByText('bag is lost').first().waitFor()

  await page.keyboard.press('h')
  await page.getByRole('dialog').getByText('Wait for the author').waitFor()
  await picture(page, '60-what-it-waits-for')
  await page.keyboard.press('2')
  await page.getByRole('combobox').fill('tomorrow 9:00')
  await page.getByRole('option').filter({ hasText: 'Until tomorrow 9:00' }).waitFor()
  await picture(page, '61-until-when')
  await page.keyboard.press('Enter')
  await until('the ticket waits', async () => {
    const shown = await server.api('GET', `/api/v1/tickets/${id}`)
    return (shown.hold as { kind?: string } | undefined)?.kind === 'waiting_customer' && shown.deadline_at === undefined
  })

  await page.keyboard.press('g')
  await page.keyboard.press('w')
  const row = await rowWith(page, 'bag is lost')
  await row.getByText('paused', { exact: true }).waitFor()
  await page.getByRole('listbox').focus()
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  await ticket.getByText('Waiting for the author').first().waitFor()
  await ticket.getByText(/Resumes/).waitFor()
  await ticket.getByText(/waits for the author since/).first().waitFor()
  await picture(page, '62-it-waits')
  expect(await axeFaults(page)).toEqual([])

  await page.keyboard.press('Shift+h')
  await ticket.getByText('Our turn again').waitFor()
  const back = await server.api('GET', `/api/v1/tickets/${id}`)
  expect([back.hold, typeof back.deadline_at]).toEqual([undefined, 'string'])
  await page.keyboard.press('z')
  await until('the undo makes it wait again', async () => (await server.api('GET', `/api/v1/tickets/${id}`)).hold !== undefined)
  expect(watched.faults).toEqual([])
})

test('who works on nothing finds what nobody has, and its number falls', async () => {
  const posts = ['The app shows a white screen, Acme. Broken again.', 'Where is my refund, Acme? Six weeks now.'].map((text) => mention(text))
  await server.post(...posts)
  const ids = await Promise.all(posts.map((post) => server.ticketOf(String(post.id))))
  const watched = await Watched.open(browser)
  const page = await watched.context.newPage()
  await page.goto(`${server.invite({ name: 'bo', role: 'supervisor' })}?to=inbox`)
  await page.getByRole('listbox').focus()
  await page.keyboard.press('g')
  await page.keyboard.press('u')
  await rowWith(page, 'white screen')
  const count = async (): Promise<number> => Number.parseInt((await page.getByRole('link', { name: /^Unassigned/ }).textContent())?.replace(/\D+/, '') ?? '', 10)
  const queues = (await server.api('GET', '/api/v1/queues')).queues as { unassigned: number }[]
  const before = queues.reduce((sum, queue) => sum + queue.unassigned, 0)
  expect(before).toBeGreaterThanOrEqual(ids.length)
  await until('the number is there', async () => (await count()) === before)
  await picture(page, '63-unassigned')
  await server.api('POST', `/api/v1/tickets/${ids[0]}/assign`, { to: 'ann' })
  await until('it has fallen by one', async () => (await count()) === before - 1)
  await page.getByRole('option').filter({ hasText: 'white screen' }).and(page.locator('.left')).waitFor()
  await page.keyboard.press('.')
  await until('the row is gone', async () => (await page.getByRole('option').filter({ hasText: 'white screen' }).count()) === 0)
  expect(watched.faults).toEqual([])
})

test('after claiming and resolving, by keyboard, the next ticket stands open', async () => {
  await server.post(...['Acme, my booking is gone from the app. Unacceptable, fix it.', 'Refund still not here after six weeks, Acme. Unacceptable.'].map((text) => mention(text)))
  const watched = await Watched.open(browser)
  const page = await watched.context.newPage()
  await page.goto(`${server.invite({ name: 'cleo', role: 'supervisor' })}?to=inbox`)
  await page.goto(`${server.url}/unassigned`)
  for (const words of ['my booking is gone', 'Refund still not here']) await rowWith(page, words)
  await page.getByRole('listbox').focus()
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  const ticket = page.getByRole('region', { name: /^Ticket / })
  await ticket.getByRole('article').first().waitFor()
  const first = new URL(page.url()).searchParams.get('ticket')
  await page.keyboard.press('i')
  await ticket.getByRole('button', { name: /Assigned to cleo/ }).waitFor()
  await page.keyboard.press('e')
  await until('it is resolved', async () => (await server.api('GET', `/api/v1/tickets/${first}`)).status === 'resolved')
  await page.waitForURL((url) => ![null, first].includes(url.searchParams.get('ticket')))
  expect(watched.faults).toEqual([])
})
