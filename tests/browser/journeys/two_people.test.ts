import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launch, picture, Watched } from '../support/browser'
import { mention, Server, until } from '../support/server'

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

async function comeIn(name: string): Promise<{ watched: Watched; page: Page }> {
  const link = server.invite({ name, role: 'supervisor' })
  const watched = await Watched.open(browser)
  const page = await watched.context.newPage()
  await page.goto(`${link}?to=inbox`)
  await page.getByRole('listbox').waitFor({ state: 'attached' })
  return { watched, page }
}

test('of two people who take one ticket one has it, and the other sees who', async () => {
  const post = mention('My bag is lost again, Acme. Third time. I want it back.')
  await server.post(post)
  const id = await server.ticketOf(String(post.id))
  const [ann, bo] = [await comeIn('ann'), await comeIn('bo')]
  for (const { page } of [ann, bo]) {
    await page.goto(`${server.url}/tickets/${id}`)
    await page.getByRole('region', { name: `Ticket ${id}` }).getByText('My bag is lost').first().waitFor()
  }

  // Bo's page hears of nothing more, as behind a train's tunnel; his keys still reach the server.
  await Promise.all([ann, bo].map(({ page }) => page.keyboard.press('i')))
  await until('somebody has it', async () => (await server.api('GET', `/api/v1/tickets/${id}`)).assignee !== null)
  const holder = String((await server.api('GET', `/api/v1/tickets/${id}`)).assignee)
  const [winner, loser] = holder === 'ann' ? [ann, bo] : [bo, ann]
  await winner.page.getByRole('button', { name: `Assigned to ${holder}` }).waitFor()
  await loser.page.getByRole('button', { name: `Assigned to ${holder}` }).waitFor()
  await picture(loser.page, '10-somebody-was-first')

  // What a colleague has is not taken by a mere claim.
  await loser.page.keyboard.press('i')
  await loser.page.getByText(`${holder} has #${id}. Press a to give it to yourself.`).waitFor()

  // What the winner does next stands before the loser without a reload.
  await winner.page.keyboard.press('n')
  await winner.page.keyboard.type('It stands in Lisbon.')
  await winner.page.keyboard.press('Control+Enter')
  await loser.page.getByText('It stands in Lisbon.').waitFor()

  const events = (await server.api('GET', `/api/v1/tickets/${id}`)).timeline as { kind?: string; facts?: unknown }[]
  expect(JSON.stringify(events).split('"assigned"').length - 1).toBeLessThanOrEqual(1)
  expect([...ann.watched.faults, ...bo.watched.faults]).toEqual([])
})
