/**
 * From an event at the server to the eye, and from a key to the eye, at 200 mentions a second
 * with ten thousand rows. Prints figures; judges nothing, since machines differ.
 */
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, test } from 'vitest'
import { launch, Watched } from '../support/browser'
import { mention, Server, until, type Json } from '../support/server'

const ROWS = 10_000
const PER_SECOND = Number(process.env.RATE ?? 200)
const SECONDS = Number(process.env.SECONDS ?? 30)

/** Whom rows are given to in turn. */
const HANDS = Array.from({ length: 10 }, (_, number) => `zoe-${number}`)

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

const complaint = (number: number): Json =>
  mention(`Acme lost my bag on flight ${number}. Unacceptable.`, { author: { id: `bench-${number}`, handle: `b${number}`, name: `B ${number}` } })

async function fill(): Promise<void> {
  for (let from = 0; from < ROWS; from += 1000) {
    await server.post(...Array.from({ length: 1000 }, (_, offset) => complaint(from + offset)))
  }
  await until('ten thousand tickets', async () => {
    const session = await server.api('GET', '/api/v1/queues')
    return JSON.stringify(session).match(/"open":(\d+)/g)?.some((count) => Number(count.slice(7)) >= ROWS) ?? false
  }, 300_000)
}

/** Posts at the rate until told to stop. */
function flow(): { stop: () => Promise<number> } {
  let running = true
  let sent = 0
  const work = (async () => {
    const begun = performance.now()
    while (running) {
      const due = Math.floor(((performance.now() - begun) / 1000) * PER_SECOND)
      const count = Math.min(due - sent, 500)
      if (count > 0) {
        await server.post(...Array.from({ length: count }, (_, offset) => complaint(ROWS + sent + offset)))
        sent += count
      }
      await new Promise((done) => setTimeout(done, 50))
    }
  })()
  return { stop: async () => { running = false; await work; return sent } }
}

/** Every claim of a row in sight, until its name stands in the row. */
async function eventToEye(page: Page): Promise<number[]> {
  const times: number[] = []
  const ids = await page.getByRole('option').evaluateAll((rows) => rows.map((row) => row.id.replace('ticket-', '')))
  const deadline = Date.now() + SECONDS * 1000
  for (let turn = 0; Date.now() < deadline; turn += 1) {
    const id = ids[turn % ids.length]
    const name = HANDS[(turn + Math.floor(turn / ids.length)) % HANDS.length] ?? ""
    const seen = page.evaluate(({ id, name }) => new Promise<number>((done) => {
      const look = (): void => {
        const row = document.getElementById(`ticket-${id}`)
        if (row?.textContent?.includes(name)) requestAnimationFrame(() => setTimeout(() => done(performance.timeOrigin + performance.now())))
        else requestAnimationFrame(look)
      }
      look()
      setTimeout(() => done(Number.NaN), 10_000)
    }), { id, name })
    await new Promise((done) => setTimeout(done, 20))
    await server.api('POST', `/api/v1/tickets/${id}/assign`, { to: name })
    const answered = performance.timeOrigin + performance.now()
    times.push((await seen) - answered)
  }
  return times.filter((time) => !Number.isNaN(time))
}

/** From the key's own time to the frame after its paint. */
async function keyToEye(page: Page, presses: number): Promise<number[]> {
  await page.evaluate(() => {
    const times: number[] = []
    Object.assign(globalThis, { keyTimes: times })
    addEventListener('keydown', (event) => {
      requestAnimationFrame(() => setTimeout(() => times.push(performance.now() - event.timeStamp)))
    }, { capture: true })
  })
  await page.getByRole('listbox').focus()
  for (let press = 0; press < presses; press += 1) {
    await page.keyboard.press(press % 40 < 30 ? 'j' : 'k')
    await new Promise((done) => setTimeout(done, 40))
  }
  return page.evaluate(() => (globalThis as unknown as { keyTimes: number[] }).keyTimes)
}

function told(name: string, times: number[]): void {
  const sorted = [...times].sort((one, other) => one - other)
  const at = (part: number): string => (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN).toFixed(0)
  console.log(`${name}: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, p99 ${at(0.99)} ms (${times.length})`)
}

test('to the eye', async () => {
  for (const name of HANDS) server.command('user', 'create', name, '--role', 'supervisor')
  await fill()
  const watched = await Watched.open(browser)
  const page = await watched.context.newPage()
  const opening = performance.now()
  await page.goto(`${server.invite({ name: 'ann', role: 'admin' })}?to=inbox`)
  await page.getByRole('option').first().waitFor()
  console.log(`first load: ${(performance.now() - opening).toFixed(0)} ms`)
  told('key to paint, at rest', await keyToEye(page, 200))
  const flowing = flow()
  told(`key to paint, ${PER_SECOND} mentions/s`, await keyToEye(page, 300))
  told(`event to eye, ${PER_SECOND} mentions/s`, await eventToEye(page))
  console.log(`sent while measured: ${await flowing.stop()}`)
  const heap = await page.evaluate(() => (performance as unknown as { memory?: { usedJSHeapSize: number } }).memory?.usedJSHeapSize ?? 0)
  const rows = await page.getByRole('option').count()
  console.log(`heap ${(heap / 1e6).toFixed(0)} MB, ${rows} rows in the document`)
})
