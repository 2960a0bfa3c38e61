import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launch, picture, rowWith, Watched } from '../support/browser'
import { mention, Server } from '../support/server'

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

test('a server killed under the open page comes back, and nothing is missing', async () => {
  const watched = await Watched.open(browser)
  const page = await watched.context.newPage()
  await page.goto(`${server.invite({ name: 'ann', role: 'admin' })}?to=inbox`)
  await server.post(mention('Acme, my booking is gone from the app. Unacceptable, fix it.'))
  await rowWith(page, 'my booking is gone')
  await page.getByText('Live', { exact: true }).waitFor()

  await server.kill()
  await page.getByText(/Reconnecting|Offline/).first().waitFor()
  await picture(page, '20-the-server-is-gone')

  await server.restart()
  // What comes while the page still waits must not be lost to it.
  await server.post(mention('Refund still not here after six weeks, Acme. Unacceptable.'))
  await page.getByText('Live', { exact: true }).waitFor()
  await server.post(mention('Acme lost my bag. Third time. I want it back.'))
  for (const words of ['Refund still not here', 'Acme lost my bag', 'my booking is gone']) await rowWith(page, words)
  await picture(page, '21-the-server-is-back')
  expect(watched.faults).toEqual([])
})
