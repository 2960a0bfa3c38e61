import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

/** Ways to make markup of a stranger's words. None is used, so none can be used wrongly. */
const WAYS =
  /\{@html|innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|srcdoc|\beval\(|new Function|\sstyle="/

const root = join(import.meta.dirname, '..', 'src')
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (file) => /\.(svelte|ts)$/.test(file) && !file.endsWith('schema.d.ts'),
)

test('there are files to look at', () => {
  expect(files.length).toBeGreaterThan(40)
})

test.each(files)('%s makes no markup of words', (file) => {
  expect(WAYS.exec(readFileSync(join(root, file), 'utf8'))?.[0]).toBeUndefined()
})

test.each(files)('%s fits on a few screens', (file) => {
  expect(readFileSync(join(root, file), 'utf8').split('\n').length).toBeLessThanOrEqual(300)
})
