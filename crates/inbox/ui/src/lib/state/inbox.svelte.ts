/** What the whole page knows: who is here, the queues, the list, the live stream. */
import { tick } from 'svelte'
import * as api from '../api/calls'
import { Problem, signedOut } from '../api/client'
import type { IncidentSummary, Person, Queue, Session, Ticket } from '../api/types'
import { TicketList } from '../list/list.svelte'
import { fixedViews, queueView, type View } from '../list/view'
import { Batch } from '../live/batch'
import { reread } from '../live/reread'
import { SharedLive } from '../live/shared'
import type { Connection } from '../live/stream'
import { nameStates, type OwnState } from '../ticket/hold'
import { announcer } from './announcer.svelte'
import { authors } from './authors.svelte'
import { opened } from './opened.svelte'

/** Lists are read once the stream is open, so that nothing falls between; but nobody waits
 * longer for it than this. */
const STREAM_WAIT_MS = 800

/** Views whose number only their rows tell; that of the others stands with the queues. */
const COUNTED = ['inbox', 'mine']

interface Changes {
  tickets: Ticket[]
  gone: string[]
}

class Inbox {
  session = $state.raw<Session>()
  problem = $state.raw<Problem>()
  queues = $state.raw<Queue[]>([])
  people = $state.raw<Person[]>([])
  states = $state.raw<OwnState[]>([])
  incidents = $state.raw<IncidentSummary[]>([])
  connection = $state.raw<Connection>({ state: 'connecting' })
  /** The row that keys work on. */
  cursor = $state('')
  readonly list = new TicketList()

  /** Whether lists may be read. */
  ready = $state(false)

  private live: SharedLive | undefined
  private wasLive = false
  /** How often the stream has told of them. */
  private readonly told = { queues: 0, incidents: 0 }
  private readonly changes = new Batch<Changes>((batch) => this.apply(batch))

  readonly views = $derived(fixedViews(this.session?.name ?? ''))
  readonly departments = $derived(this.queues.map((queue) => queue.department))
  readonly openIncidents = $derived(this.incidents.filter((incident) => incident.status === 'open'))

  /** Whether changes can be made now: allowed, and the server within reach. */
  get mayWork(): boolean {
    return this.session?.actions.includes('work_tickets') ?? false
  }

  get offline(): boolean {
    return this.connection.state === 'waiting' && this.connection.failures > 1
  }

  view(path: string): View | undefined {
    const queue = path.match(/^queues\/(.+)$/)?.[1]
    return queue ? queueView(queue) : this.views.find((view) => view.path === path)
  }

  async start(): Promise<void> {
    this.problem = undefined
    try {
      this.session = await api.session()
    } catch (error) {
      if (error instanceof Problem) this.problem = error
      return
    }
    this.listen()
    await Promise.allSettled([
      this.readQueues(),
      this.readPeople(),
      this.readStates(),
      this.readIncidents(),
    ])
  }

  /** Lists may be read from now on: the page reads its own first. */
  private async open(): Promise<void> {
    if (this.ready) return
    this.ready = true
    await tick()
    await this.countViews()
  }

  /** Whatever page is open, the views beside it say how much is in them. */
  private async countViews(): Promise<void> {
    const counted = this.views.filter((view) => COUNTED.includes(view.path))
    await Promise.allSettled(counted.map((view) => this.list.prepare(view)))
  }

  stop(): void {
    this.live?.close()
  }

  hurry(): void {
    this.live?.hurry()
  }

  async readQueues(): Promise<void> {
    this.queues = await reread(() => this.told.queues, api.queues)
  }

  async readIncidents(): Promise<void> {
    this.incidents = await reread(() => this.told.incidents, api.incidents)
  }

  private async readPeople(): Promise<void> {
    this.people = await api.people()
  }

  private async readStates(): Promise<void> {
    this.states = await api.states()
    nameStates(this.states)
  }

  private listen(): void {
    if (this.live) return
    this.live = new SharedLive({
      connection: (connection) => this.connected(connection),
      event: (name, data) => this.event(name, data),
    })
    this.live.start()
    setTimeout(() => void this.open(), STREAM_WAIT_MS)
  }

  /** Lists that were read before the stream opened for the first time may lack a change. */
  private connected(connection: Connection): void {
    this.connection = connection
    const mayLack = this.ready && !this.wasLive
    if (connection.state !== 'connecting') void this.open()
    if (connection.state !== 'live') return
    this.wasLive = true
    if (mayLack) void this.resync()
  }

  private event(name: string, data: unknown): void {
    if (name === 'changes') this.changes.add(data as Changes)
    if (name === 'queues') {
      this.told.queues += 1
      this.queues = (data as { queues: Queue[] }).queues
    }
    if (name === 'incidents') {
      this.told.incidents += 1
      this.mergeIncidents((data as { incidents: IncidentSummary[] }).incidents)
    }
    if (name === 'resync') void this.resync()
    if (name === 'signed-out') signedOut.go()
  }

  private apply(batch: Changes[]): void {
    const newest = new Map<string, Ticket>()
    const gone = new Set<string>()
    for (const changes of batch) {
      for (const ticket of changes.tickets) newest.set(ticket.id, ticket)
      for (const id of changes.gone) gone.add(id)
    }
    const tickets = [...newest.values()]
    const before = this.list.standing.arrived.size
    this.list.apply(tickets, [...gone])
    const arrived = this.list.standing.arrived.size
    if (arrived > before) announcer.say(`${arrived} new in ${this.list.view?.title}`)
    for (const ticket of tickets) opened.outdated(ticket)
    authors.apply(tickets)
  }

  private mergeIncidents(changed: IncidentSummary[]): void {
    const known = new Map(this.incidents.map((incident) => [incident.id, incident]))
    for (const incident of changed) {
      if (!known.has(incident.id)) announcer.say(`New incident of ${incident.brand}`)
      known.set(incident.id, { ...known.get(incident.id), ...incident })
    }
    this.incidents = [...known.values()].sort(
      (a, b) => Date.parse(b.opened_at) - Date.parse(a.opened_at),
    )
  }

  private async resync(): Promise<void> {
    this.changes.flush()
    opened.refresh()
    await Promise.allSettled([this.list.resync(), this.readQueues(), this.readIncidents()])
    await this.countViews()
  }
}

export const inbox = new Inbox()
