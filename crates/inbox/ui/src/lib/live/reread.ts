/** Reading beside a stream that tells the same thing. */

/** The stream tells of a thing at most once a second: a third reading meets nothing new. */
const READS_MAX = 3

/**
 * Reads until the stream told nothing meanwhile: an answer that was on its way while it did may
 * be older, and would stay until the next change. `told` counts what the stream has told.
 */
export async function reread<T>(told: () => number, read: () => Promise<T>): Promise<T> {
  for (let reads = 1; ; reads += 1) {
    const before = told()
    const found = await read()
    if (told() === before || reads === READS_MAX) return found
  }
}
