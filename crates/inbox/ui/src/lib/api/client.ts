/** The one way to the server: JSON in, JSON out, every failure a `Problem`. */
import { measureSkew } from '../time/skew'
import type { Ticket } from './types'

/** Longer than any answer takes; after it the network is to blame. */
const TIMEOUT_MS = 20_000

/** What went wrong, with everything a person needs to go on. */
export class Problem extends Error {
  constructor(
    /** HTTP status; 0 when no answer came at all. */
    readonly status: number,
    readonly code: string,
    message: string,
    readonly requestId?: string,
    /** The ticket as it is now, where the change met another version. */
    readonly current?: Ticket,
  ) {
    super(message)
  }

  get offline(): boolean {
    return this.status === 0
  }
}

/** Called when the session is over; replaced in tests. */
export const signedOut = { go: () => location.assign('/login') }

export interface Options {
  body?: unknown
  version?: number
  signal?: AbortSignal
}

export async function call<T>(method: string, path: string, options: Options = {}): Promise<T> {
  const response = await reach(method, path, options)
  measureSkew(response.headers.get('date'))
  if (response.status === 401) signedOut.go()
  if (!response.ok) throw await problem(response)
  return response.status === 204 ? (undefined as T) : ((await response.json()) as T)
}

async function reach(method: string, path: string, options: Options): Promise<Response> {
  const headers: Record<string, string> = { accept: 'application/json' }
  if (options.body !== undefined) headers['content-type'] = 'application/json'
  if (options.version !== undefined) headers['if-match'] = `"${options.version}"`
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout
  const body = options.body === undefined ? null : JSON.stringify(options.body)
  try {
    return await fetch(path, { method, headers, body, signal, credentials: 'same-origin' })
  } catch (cause) {
    if (options.signal?.aborted) throw cause
    throw new Problem(0, 'unreachable', 'The server cannot be reached.')
  }
}

/** What is not of ours (a proxy's page) has a status, and no more. */
async function problem(response: Response): Promise<Problem> {
  const body = await response.json().catch(() => ({}))
  return new Problem(
    response.status,
    body.code ?? 'unknown',
    body.detail ?? `The server answered ${response.status}.`,
    body.request_id ?? response.headers.get('x-request-id') ?? undefined,
    body.current,
  )
}
