import { expect, test } from 'vitest'
import { tellsStory } from './demo'
import { ticket } from './ticket.fixture'

const from = (...sources: (string | undefined)[]) => {
  const rows = sources.map((source, index) => ticket(String(index), { mention: { platform: 'x', id: '1', source } }))
  return tellsStory(rows.map(({ id }) => id), (id) => rows[Number(id)])
}

test.each([
  ['nothing', [], false],
  ['somebody’s own posts', ['brand-watch', undefined], false],
  ['the story', ['demo'], true],
  ['the story between live posts', ['bluesky', 'bluesky', 'demo'], true],
])('a list of %s', (_, sources, want) => {
  expect(from(...sources)).toBe(want)
})

test('a row that is not loaded yet says nothing', () => {
  expect(tellsStory(['1'], () => undefined)).toBe(false)
})
