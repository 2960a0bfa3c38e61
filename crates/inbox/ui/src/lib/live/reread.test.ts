import { expect, test } from 'vitest'
import { reread } from './reread'

/** A server whose answers are overtaken by the stream so many times. */
function overtaken(times: number) {
  let told = 0
  let reads = 0
  const read = async () => {
    reads += 1
    if (reads <= times) told += 1
    return reads
  }
  return { told: () => told, read }
}

test.each([
  ['nothing was told meanwhile', 0, 1],
  ['an answer that was overtaken is asked for again', 1, 2],
  ['it does not ask for ever', 9, 3],
])('%s', async (_, times, answer) => {
  const { told, read } = overtaken(times)
  expect(await reread(told, read)).toBe(answer)
})
