import { expect, test } from 'vitest'
import { fixedViews } from '../list/view'
import { format, parse, type Route } from './route'

test.each<[string, string, Route]>([
  ['/', '', { page: 'list', view: 'inbox', ticket: undefined }],
  ['/mine', '?ticket=7', { page: 'list', view: 'mine', ticket: '7' }],
  ['/queues/support', '', { page: 'list', view: 'queues/support', ticket: undefined }],
  ['/tickets/65', '', { page: 'list', view: 'all', ticket: '65' }],
  ['/incidents', '', { page: 'incidents' }],
  ['/incidents/3', '', { page: 'incident', id: '3' }],
  ['/nothing', '', { page: 'lost', path: '/nothing' }],
  ['/mine/1/2', '', { page: 'lost', path: '/mine/1/2' }],
  ['/queues/100%', '', { page: 'list', view: 'queues/100%', ticket: undefined }],
])('%s%s', (path, search, want) => {
  const route = parse(path, search)
  expect(route).toEqual(want)
  const again = new URL(format(route), 'http://localhost')
  expect(parse(again.pathname, again.search)).toEqual(route)
})

test.each(fixedViews('ann').map(({ path }) => path))('the view %s has an address', (path) => {
  expect(parse(`/${path}`, '')).toEqual({ page: 'list', view: path, ticket: undefined })
})
