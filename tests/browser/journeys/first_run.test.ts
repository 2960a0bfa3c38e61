import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launch, picture, rowWith, Watched } from '../support/browser'
import { mention, Server, until } from '../support/server'

const PASSWORD = 'four grey gulls on a pier'

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

test('first run, a password, out and in again, a ticket appears and is done by keyboard', async () => {
  const watched = await Watched.open(browser)
  const page = await watched.context.newPage()

  await page.goto(server.firstLink)
  await page.getByLabel('New password', { exact: true }).fill(PASSWORD)
  await page.getByLabel('New password again').fill(PASSWORD)
  await picture(page, '01-choose-a-password')
  await page.getByRole('button', { name: 'Set password' }).click()
  await page.getByText('The password is set').waitFor()

  await page.getByRole('button', { name: 'Log out', exact: true }).first().click()
  await page.waitForURL('**/login**')
  await page.goto(server.firstLink)
  expect(await page.textContent('h1')).toContain('no longer works')

  await page.goto(`${server.url}/`)
  await page.waitForURL('**/login**')
  await picture(page, '02-log-in')
  await page.getByLabel('Name').fill('admin')
  await page.getByLabel('Password').fill(PASSWORD)
  await page.keyboard.press('Enter')
  const list = page.getByRole('listbox')
  await list.waitFor({ state: 'attached' })
  await picture(page, '03-nothing-yet')

  const words = 'Two hours on the apron at Acme and nobody says why. This is unacceptable.'
  const post = mention(words)
  await server.post(post)
  await rowWith(page, 'Two hours on the apron')
  await picture(page, '04-a-ticket-appears')

  // From here on there is no mouse.
  await list.focus()
  await page.keyboard.press('j')
  await page.keyboard.press('Enter')
  const ticket = page.getByRole('region', { name: /^Ticket / })
  await ticket.getByText(words).first().waitFor()
  await page.keyboard.press('i')
  await ticket.getByRole('button', { name: /Assigned to admin/ }).waitFor()
  await page.keyboard.press('n')
  await page.keyboard.type('Asked the gate: a door light.')
  await page.keyboard.press('Control+Enter')
  await ticket.getByText('Asked the gate: a door light.').waitFor()
  await page.keyboard.press('r')
  await page.keyboard.type('I am sorry. It is a light that must be changed; you leave in ten minutes.')
  await picture(page, '05-an-answer')
  await page.keyboard.press('Control+Enter')
  await ticket.getByText('you leave in ten minutes.').waitFor()
  await page.getByText('Recorded, not sent').waitFor()
  await page.keyboard.press('e')
  const id = await server.ticketOf(String(post.id))
  await until('the ticket is resolved', async () => {
    const shown = await server.api('GET', `/api/v1/tickets/${id}`)
    return shown.status === 'resolved' && shown.assignee === 'admin'
  })
  await picture(page, '06-resolved')
  expect(watched.faults).toEqual([])
})
