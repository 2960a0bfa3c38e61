/** The real binary, on a free port and a directory of its own. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export const workspace = resolve(dirname(fileURLToPath(import.meta.url)), '../../..')

/** The one `make test` has built; `SWITCHBOARD_BIN` names another. */
const binary = process.env.SWITCHBOARD_BIN ?? join(workspace, 'target/debug/switchboard')

/** Nothing of ours in it: the binary takes variables of its own prefix for configuration. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('SWITCHBOARD_')))

/** How long a server may take to be ready on two busy cores. */
const READY_WITHIN_MS = 60_000

interface Ready {
  url: string
  ops_url: string
  login_url?: string
  token?: string
}

export interface Person {
  name: string
  role: 'admin' | 'supervisor' | 'agent' | 'viewer'
  departments?: string[]
}

export type Json = Record<string, unknown>

export class Server {
  private child: ChildProcess | undefined
  private ready!: Ready
  /** An administrator's, for programs. */
  token = ''

  private constructor(readonly dir: string, private readonly config: string | undefined) {}

  /** `text`: its configuration; the built-in one without it. */
  static async start(text?: string): Promise<Server> {
    if (!existsSync(binary)) throw new Error(`${binary} is missing: build it first (cargo build -p switchboard-server)`)
    const dir = mkdtempSync(join(tmpdir(), 'switchboard-journey-'))
    const config = text && join(dir, 'switchboard.toml')
    if (config) writeFileSync(config, text)
    const server = new Server(dir, config)
    await server.run('127.0.0.1:0')
    server.token = server.command('token', 'create', 'journeys', '--role', 'admin')
    return server
  }

  get url(): string {
    return this.ready.url
  }

  get opsUrl(): string {
    return this.ready.ops_url
  }

  /** Printed while nobody can log in. */
  get firstLink(): string {
    if (!this.ready.login_url) throw new Error('no first link was printed')
    return this.ready.login_url
  }

  /** Without a word, as a power cut does. */
  async kill(): Promise<void> {
    const child = this.child
    if (!child || child.exitCode !== null) return
    const ended = new Promise((done) => child.once('exit', done))
    child.kill('SIGKILL')
    await ended
  }

  /** Again, on the same address and the same data. */
  async restart(): Promise<void> {
    await this.run(new URL(this.url).host)
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.dir, { recursive: true, force: true })
  }

  /** A command of the binary beside the running server; what it printed. */
  command(...parts: string[]): string {
    return execFileSync(binary, [...parts, '--data-dir', this.dir], { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  }

  /** A link that lets the person in, who is made when there is none. */
  invite(person: Person): string {
    const departments = person.departments?.flatMap((name) => ['--department', name]) ?? []
    this.command('user', 'create', person.name, '--role', person.role, ...departments)
    return this.command('user', 'link', person.name)
  }

  async api(method: string, path: string, body?: unknown): Promise<Json> {
    const headers = { authorization: `Bearer ${this.token}`, 'content-type': 'application/json' }
    const answer = await fetch(this.url + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    return (await answer.json()) as Json
  }

  async post(...mentions: Json[]): Promise<void> {
    await this.api('POST', '/api/v1/mentions', mentions)
  }

  /** The number of the ticket that the post of this id opened. */
  async ticketOf(mention: string): Promise<string> {
    let found: string | undefined
    await until(`a ticket for ${mention}`, async () => {
      const page = await this.api('GET', '/api/v1/tickets?limit=200')
      const tickets = page.tickets as { id: string; mention: { id: string } }[]
      found = tickets.find((ticket) => ticket.mention.id === mention)?.id
      return found !== undefined
    })
    return String(found)
  }

  private async run(listen: string): Promise<void> {
    const parts = ['run', '--json', '--listen', listen, '--ops-listen', '127.0.0.1:0', '--data-dir', this.dir]
    if (this.config) parts.push('--config', this.config)
    const child = spawn(binary, parts, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.child = child
    let said = ''
    child.stderr.on('data', (bytes: Buffer) => { said = (said + bytes.toString()).slice(-4000) })
    const line = await new Promise<string>((done, fail) => {
      const late = setTimeout(() => fail(new Error(`not ready within ${READY_WITHIN_MS} ms: ${said}`)), READY_WITHIN_MS)
      createInterface({ input: child.stdout }).once('line', (text) => { clearTimeout(late); done(text) })
      child.once('exit', (code) => { clearTimeout(late); fail(new Error(`ended with ${code}: ${said}`)) })
    })
    this.ready = JSON.parse(line) as Ready
  }
}

/** Asks again until it is so. */
export async function until(what: string, asked: () => Promise<boolean>, withinMs = 60_000): Promise<void> {
  const deadline = Date.now() + withinMs
  while (!(await asked())) {
    if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${what}`)
    await new Promise((done) => setTimeout(done, 100))
  }
}

let posted = 0

/** A post of our own; what is not said is ordinary. */
export function mention(text: string, more: Json = {}): Json {
  posted += 1
  const id = `journey-${process.pid}-${posted}`
  return {
    platform: 'mastodon', id_scope: 'social.example', id, text, lang: 'en', form: 'post',
    url: `https://social.example/@ann/${id}`, account: 'Acme',
    created_at: new Date().toISOString(),
    author: { id: `author-${posted}`, handle: `ann${posted}@social.example`, name: `Ann ${posted}`, followers: 40 },
    reply: { can: true, limits: { characters: 500 } },
    ...more,
  }
}
