import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FleetRun } from '../../src/admin/fleet-run'
import { streamRun } from '../../src/admin/run-stream'
import { settles } from '../support/settles'

/** A run that goes on as the test says. */
class Run {
  isRunning = true
  readonly failures: unknown[] = []
  readonly listeners = new Set<() => void>()
  /** How often somebody was told. */
  told = 0
  text = ''

  listen(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  change(): void {
    for (const listener of this.listeners) listener()
  }
}

let run: Run
let server: http.Server
let closed: Promise<void>
beforeEach(async () => {
  run = new Run()
  closed = new Promise((resolve) => {
    server = http.createServer((req, res) => {
      res.on('close', resolve)
      const messageOf = (): never => {
        run.told += 1
        return { texts: { text: run.text }, value: 0, max: 1, failures: [] } as never
      }
      streamRun(req, res, run as unknown as FleetRun, messageOf, 0)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterEach(() => new Promise((resolve) => server.close(resolve)))

function connect(): {
  readonly request: http.ClientRequest
  readonly response: Promise<http.IncomingMessage>
} {
  const request = http.get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', agent: false })
  request.on('error', () => {})
  return { request, response: new Promise((resolve) => request.on('response', resolve)) }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

test('whoever goes away leaves no listener and no timer behind', async () => {
  const before = timers()
  const { request, response } = connect()
  await response
  run.change()
  expect(run.listeners.size).toBe(1)
  request.destroy()
  await settles(closed, 'The response')
  expect(run.listeners.size).toBe(0)
  run.change()
  await pause(20)
  expect(timers()).toBeLessThanOrEqual(before)
})

test('many changes are told as few states', async () => {
  const { request, response } = connect()
  ;(await response).resume()
  for (let change = 0; change < 1000; change += 1) run.change()
  await pause(400)
  expect(run.told).toBe(2)
  request.destroy()
  await settles(closed, 'The response')
})

test('nothing piles up for a reader who does not read', async () => {
  run.text = 'x'.repeat(8_000_000)
  const { request, response } = connect()
  ;(await response).pause()
  for (let round = 0; round < 4; round += 1) {
    run.change()
    await pause(300)
  }
  // The first state is still on its way.
  expect(run.told).toBe(1)
  request.destroy()
  await settles(closed, 'The response')
  expect(run.listeners.size).toBe(0)
})

test('the last state is told, and that it is the last one', async () => {
  const { response } = connect()
  let text = ''
  const stream = await response
  stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
  await pause(50)
  Object.assign(run, { isRunning: false, text: 'over' })
  run.change()
  await settles(new Promise((resolve) => stream.on('end', resolve)), 'The stream')
  expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8')
  expect(text).toMatch(/^retry: 1000\n\nid: 0\ndata: \{/)
  expect(text).toMatch(/"over"[^]*\n\nevent: ended\ndata: \{\}\n\n$/)
})
