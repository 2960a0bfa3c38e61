import type { Browser, Locator, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { axeFaults, launch, picture, rowWith, Watched } from '../support/browser'
import { type Json, mention, type Person, Server, until } from '../support/server'

const CONFIG = `
[departments.support]
name = "Customer support"

[departments.sales]
name = "Sales"

[routing]
fallback = "support"

[[routing.rows]]
name = "lead"
label = ["lead"]
department = "sales"

[[sla.policies]]
name = "service"
label = ["complaint"]
first_response = { urgent = "1h", high = "1h", normal = "1h", low = "1h" }
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

/** Somebody with several conversations: each is a ticket of its own. */
const wrote = (who: string, text: string, more: Json = {}): Json => {
  const author = { id: who, handle: `${who}@social.example`, name: who, followers: 50 }
  return mention(text, { author, conversation_id: `${who} ${text}`, ...more })
}

async function posted(...posts: Json[]): Promise<string[]> {
  await server.post(...posts)
  return Promise.all(posts.map((post) => server.ticketOf(String(post.id))))
}

async function comeIn(person: Person, ticket?: string): Promise<{ watched: Watched; page: Page; pane: Locator }> {
  const watched = await Watched.open(browser, { viewport: { width: 1440, height: 900 } })
  const page = await watched.context.newPage()
  await page.goto(`${server.invite(person)}?to=inbox`)
  if (ticket) await page.goto(`${server.url}/inbox?ticket=${ticket}`)
  return { watched, page, pane: page.getByRole('region', { name: /^Ticket / }) }
}

const shown = (id: string | undefined): Promise<Json> => server.api('GET', `/api/v1/tickets/${id}`)

test('an author’s tickets stand together, are merged and taken apart again, by keyboard', async () => {
  const [first, second, lead] = await posted(
    wrote('mara', 'My bag is lost again, Acme. Third time. I want it back.'),
    wrote('mara', 'Still no bag and nobody answers, Acme. Unacceptable service.'),
    wrote('mara', 'How much is a group booking for twelve people to Lisbon in May?'),
  )
  expect((await shown(lead)).department).toBe('sales')
  const { watched, page, pane } = await comeIn({ name: 'ann', role: 'supervisor' }, first)
  await pane.getByText('3 open').waitFor()
  await page.keyboard.press('w')
  const author = pane.getByRole('region', { name: /^Author/ })
  expect(await author.evaluate((section) => section === document.activeElement)).toBe(true)
  await page.keyboard.press('Tab')
  const other = author.getByRole('link', { name: new RegExp(`#${lead}`) })
  expect(await other.evaluate((link) => link === document.activeElement)).toBe(true)
  await picture(page, '70-author')
  expect(await axeFaults(page)).toEqual([])
  await page.keyboard.press('Enter')
  await page.waitForURL((url) => url.searchParams.get('ticket') === lead)
  await page.goBack()
  await page.waitForURL((url) => url.searchParams.get('ticket') === first)

  await page.keyboard.press('m')
  await page.getByRole('combobox').fill(`#${second}`)
  await page.getByRole('option').filter({ hasText: 'Still no bag' }).getByText('same author').waitFor()
  await picture(page, '71-merge-into')
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: `Merge #${first} into #${second}?` }).waitFor()
  await picture(page, '72-merge')
  expect(await axeFaults(page)).toEqual([])
  await page.keyboard.press('Enter')
  await page.getByText(`#${first} merged into #${second}`).waitFor()
  await page.waitForURL((url) => url.searchParams.get('ticket') === second)
  await pane.getByText('My bag is lost again').first().waitFor()
  await pane.getByText('2 open, 1 earlier').waitFor()
  await picture(page, '73-merged')
  expect((await shown(first)).merged_into).toBe(second)

  await page.keyboard.press('z')
  await page.getByText(`#${first} stands for itself again`).waitFor()
  await page.waitForURL((url) => url.searchParams.get('ticket') === first)
  await pane.getByText('3 open').waitFor()
  expect([(await shown(first)).status, (await shown(second)).mention_count]).toEqual(['open', 1])
  expect(watched.faults).toEqual([])
})

test('a post is split out and goes back, and what the server refuses is said in its words', async () => {
  const [into, from, done] = await posted(
    wrote('tom', 'My seat was broken, Acme. Seven hours on it. Unacceptable.'),
    wrote('tom', 'And the meal made me ill, Acme. I want my money back.'),
    wrote('tom', 'Your lounge lost my coat, Acme. Unacceptable.'),
  )
  await server.api('POST', `/api/v1/tickets/${from}/merge`, { into })
  await server.api('POST', `/api/v1/tickets/${done}/resolve`)
  const { watched, page, pane } = await comeIn({ name: 'bea', role: 'supervisor' }, into)
  await pane.getByRole('article').filter({ hasText: 'the meal made me ill' }).waitFor()
  expect(await pane.getByRole('button', { name: 'Split this post out' }).count()).toBe(1)
  await page.keyboard.press('s')
  await page.getByRole('dialog').getByText('the meal made me ill').waitFor()
  await picture(page, '74-split')
  await page.keyboard.press('Enter')
  await page.getByText(/^The post is #\d+ now$/).waitFor()
  await until('one post is left', async () => (await pane.getByRole('article').filter({ hasText: 'the meal' }).count()) === 0)
  await page.keyboard.press('z')
  await until('it is back', async () => (await shown(into)).mention_count === 2)

  await page.goto(`${server.url}/inbox?ticket=${into}`)
  await pane.getByRole('article').first().waitFor()
  await page.keyboard.press('m')
  await page.getByRole('combobox').fill(`${done}`)
  await page.getByRole('option').filter({ hasText: `Ticket #${done}` }).waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByText('Your lounge lost my coat').waitFor()
  await page.keyboard.press('y')
  await page.getByText(`ticket ${done} is resolved: reopen it first`).waitFor()
  expect((await shown(into)).status).toBe('open')
  expect(watched.faults).toEqual([])
})

test('who merges what a colleague has just changed sees it as it is now, and nothing is merged', async () => {
  const [mine, other] = await posted(
    wrote('rosa', 'Acme, three hours in the queue and then closed. Unacceptable.'),
    wrote('rosa', 'And now my seat is gone too, Acme. I want my money back.'),
  )
  const { watched, page, pane } = await comeIn({ name: 'eve', role: 'supervisor' }, mine)
  await pane.getByText('2 open').waitFor()
  await page.route('**/merge', async (route) => {
    await server.api('POST', `/api/v1/tickets/${mine}/assign`, { to: 'journeys' })
    await route.continue()
  })
  await page.keyboard.press('m')
  await page.getByRole('dialog').getByText('my seat is gone').waitFor()
  await page.keyboard.press('Enter')
  await page.getByRole('dialog', { name: `Merge #${mine} into #${other}?` }).waitFor()
  await page.keyboard.press('Enter')
  await pane.getByRole('alert').filter({ hasText: /changed this ticket first.*Assigned to journeys/ }).waitFor()
  await pane.getByRole('button', { name: /Assigned to journeys/ }).waitFor()
  await picture(page, '79-somebody-was-first')
  expect((await shown(mine)).merged_into).toBeUndefined()
  expect(watched.faults).toEqual([])
})

test('two accounts are one author because somebody says so, until they take it back', async () => {
  const [mastodon] = await posted(
    wrote('ivo', 'Acme cancelled my flight and gave me nothing. Unacceptable.'),
    wrote('ivo-on-x', 'Acme, where is my refund? Six weeks now, this is a disgrace.', { platform: 'x', id_scope: '' }),
  )
  const { watched, page, pane } = await comeIn({ name: 'cleo', role: 'supervisor' }, mastodon)
  await rowWith(page, 'where is my refund')
  await pane.getByText('Nothing else of theirs that you may see.').waitFor()
  await pane.getByRole('button', { name: 'Link an account' }).press('Enter')
  await page.getByRole('combobox').fill('ivo-on-x')
  await page.getByRole('option').filter({ hasText: 'ivo-on-x on X' }).waitFor()
  await page.keyboard.press('Enter')
  const dialog = page.getByRole('dialog', { name: /^Is ivo .* also/ })
  await dialog.waitFor()
  await page.keyboard.press('Enter')
  await dialog.getByText('A reason is needed').waitFor()
  await page.keyboard.type('The same booking number in both posts')
  await picture(page, '75-link')
  expect(await axeFaults(page)).toEqual([])
  await page.keyboard.press('Enter')
  await pane.getByText('2 open').waitFor()
  await pane.getByText('The same booking number in both posts').waitFor()
  await picture(page, '76-linked')
  expect(await axeFaults(page)).toEqual([])

  await pane.getByRole('button', { name: /^Take the link back/ }).press('Enter')
  await page.keyboard.type('Two people with one booking')
  await page.keyboard.press('Enter')
  await pane.getByText('Nothing else of theirs that you may see.').waitFor()
  expect(watched.faults).toEqual([])
})

test('who sees one department sees of an author what lies in it', async () => {
  const [complaint] = await posted(
    wrote('nia', 'You lost my pram, Acme. Unacceptable with a baby.'),
    wrote('nia', 'What does a group booking for nine people to Porto cost?'),
  )
  const { page, pane } = await comeIn({ name: 'sid', role: 'agent', departments: ['support'] }, complaint)
  await pane.getByText('Nothing else of theirs that you may see.').waitFor()
  expect(await pane.getByText('Porto').count()).toBe(0)
  await page.route('**/api/v1/authors/**', (route) => route.fulfill({ status: 503, contentType: 'application/problem+json', body: '{"detail":"the store cannot answer now"}' }))
  await page.reload()
  await pane.getByText('The history could not be loaded: The store cannot answer now').waitFor()
  await picture(page, '77-no-history')
  await page.unroute('**/api/v1/authors/**')
  await pane.getByRole('button', { name: 'Try again' }).click()
  await pane.getByText('Nothing else of theirs that you may see.').waitFor()
})

test('why a deadline is where it is stands in a table', async () => {
  const [id] = await posted(wrote('leo', 'Acme broke my guitar at check-in. Unacceptable.'))
  await server.api('POST', `/api/v1/tickets/${id}/hold`, { kind: 'waiting_customer' })
  await server.api('POST', `/api/v1/tickets/${id}/release`)
  const { watched, page, pane } = await comeIn({ name: 'dora', role: 'supervisor' }, id)
  await pane.getByRole('article').first().waitFor()
  await page.keyboard.press('w')
  await page.keyboard.press('t')
  const dialog = page.getByRole('dialog', { name: /Why these deadlines/ })
  await dialog.getByText('every clock agrees').waitFor()
  const rows = dialog.getByRole('row')
  expect(await rows.nth(2).allInnerTexts()).toEqual([expect.stringContaining('Waiting for the author')])
  expect(await rows.nth(2).innerText()).toContain('stands still')
  expect(await rows.last().innerText()).toContain('of 1h allowed')
  await picture(page, '78-why-this-deadline')
  expect(await axeFaults(page)).toEqual([])
  // Who closes it stands where they stood before.
  await page.keyboard.press('Escape')
  expect(await dialog.count()).toBe(0)
  expect(await pane.getByRole('region', { name: /^Author/ }).evaluate((section) => section === document.activeElement)).toBe(true)
  expect(watched.faults).toEqual([])
})
