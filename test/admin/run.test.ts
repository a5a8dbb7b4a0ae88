import http from 'node:http'
import type { RunMessage } from '../../src/admin/run-stream'
import { settles } from '../support/settles'
import { AdminTown, ADMIN_SERVERS, wordsOf } from './support/admin-town'

const LATE = '20200103000000_late.sql'

/** What a browser's EventSource would hear. */
class Events {
  readonly messages: RunMessage[] = []
  lastId = ''
  /** `ended` was told. */
  hasEnded = false
  #request: http.ClientRequest
  #text = ''
  /** The connection is over. */
  readonly closed: Promise<void>
  #onMessage: () => void = () => {}

  constructor(url: string, lastId?: string) {
    this.#request = http.get(url, { headers: lastId === undefined ? {} : { 'last-event-id': lastId } })
    this.closed = new Promise((resolve) => {
      this.#request.on('close', resolve)
      this.#request.on('error', () => {})
      this.#request.on('response', (response) => {
        response.setEncoding('utf8').on('data', (chunk: string) => this.#read(chunk))
        response.on('error', () => {})
      })
    })
  }

  /** Waits until something was told for which this is so. */
  async until(is: (message: RunMessage) => boolean): Promise<RunMessage> {
    for (;;) {
      const found = this.messages.find(is)
      if (found !== undefined) return found
      await settles(new Promise<void>((resolve) => (this.#onMessage = resolve)), 'The event', 10_000)
    }
  }

  close(): void {
    this.#request.destroy()
  }

  #read(chunk: string): void {
    const blocks = (this.#text + chunk).split('\n\n')
    this.#text = blocks.pop()!
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s) as [string, string]))
      if (fields.get('event') === 'ended') this.hasEnded = true
      else if (fields.has('data')) {
        this.lastId = fields.get('id')!
        this.messages.push(JSON.parse(fields.get('data')!) as RunMessage)
      }
    }
    this.#onMessage()
  }
}

describe.each(ADMIN_SERVERS)('a migration of the fleet on the admin page on $name', (server) => {
  let admin: AdminTown
  let heard: Events[] = []
  afterEach(async () => {
    for (const events of heard) events.close()
    heard = []
    await admin.stop()
  })

  const slow = (statement: string, seconds = 0.1): string => {
    const sleep = server.engine === 'postgres' ? `select pg_sleep(${seconds})` : `do sleep(${seconds})`
    return `-- Up Migration\n${sleep};\n${statement};\n-- Down Migration\nselect 1;\n`
  }

  async function open(title: string, count: number): Promise<void> {
    admin = await new AdminTown(server, `run ${title}`).start()
    for (let index = 0; index < count; index += 1) await admin.tenancy.create(`t${index}`)
  }

  function listen(lastId?: string, query = ''): Events {
    const events = new Events(`${admin.origin}/admin/run/events${query}`, lastId)
    heard.push(events)
    return events
  }

  /** A tenant whose rows the new index will not take. */
  async function spoil(id: string): Promise<void> {
    for (let turn = 0; turn < 2; turn += 1) await admin.tenancy.run(id, () => admin.town.insert('twice'))
  }

  test('is told as it goes on, ends, and leaves a page of what became of it', async () => {
    await open('told', 12)
    expect((await admin.get('/run/events')).status).toBe(204)
    expect(wordsOf(await admin.get('/run'))).toContain('No run was made')
    admin.town.folder.write(LATE, slow('create unique index one_name on widgets (name)', 0.4))
    for (const id of ['t5', 't6']) await spoil(id)
    expect(wordsOf(await admin.get('/migrate'))).toContain('12 tenants of 12 have something to do')
    const begun = await admin.submit('/migrate', { to: 'all', maxFailures: '5' })
    expect([begun.status, begun.headers.get('location')]).toEqual([303, '/admin/run'])
    const events = listen()
    const middle = await events.until(({ value }) => value > 2)
    expect(middle).toMatchObject({ max: 12, texts: { phase: 'Migrating' } })
    expect(Number(middle.texts.left)).toBe(12 - middle.value)
    // Only one at a time.
    const second = await admin.submit('/migrate', { to: 'all' })
    expect([second.status, wordsOf(second)]).toEqual([422, expect.stringContaining('is running already')])
    // Whoever loads the page finds it, with what it was until now.
    const page = await admin.get('/run')
    expect(page.text).toMatch(/<noscript\s*><meta http-equiv="refresh" content="2"/)
    expect(wordsOf(page)).toContain('Cancel the run')
    expect(wordsOf(await admin.get('/'))).toContain('A migration of the fleet is running.')
    await settles(events.closed, 'The stream', 20_000)
    expect(events.hasEnded).toBe(true)
    const last = events.messages.at(-1)!
    expect(last.texts).toMatchObject({ phase: 'Ended, with failures.', done: '10', failed: '2', left: '0' })
    const failures = events.messages.flatMap((message) => message.failures)
    expect(failures.map(({ tenant }) => tenant).sort()).toEqual(['t5', 't6'])
    expect(failures[0]).toMatchObject({
      href: '/admin/tenant?id=' + failures[0]!.tenant,
      cells: [
        '20200103000000_late',
        '2, line 3',
        server.engine === 'postgres' ? '23505' : 'ER_DUP_ENTRY (23000)',
        'ROWHOUSE_MIGRATION_FAILED',
        expect.stringMatching(/unique|Duplicate/),
      ],
    })
    const after = wordsOf(await admin.get('/run'))
    expect(after).toContain('Ended, with failures.')
    expect(after).toContain('Migrate again')
    expect(wordsOf(await admin.get('/'))).toMatch(/At head 10 Not at head 2 .* Failures .* t6 failed/)
  })

  test('goes on when nobody watches; who comes back is told what was missed, and no failure twice', async () => {
    await open('watched', 12)
    for (const id of ['t0', 't1', 't10', 't2']) await spoil(id)
    admin.town.folder.write(LATE, slow('create unique index one_name on widgets (name)'))
    // By schema name: the first is t0, which fails, so nobody else is touched.
    await admin.submit('/migrate', { to: 'all', maxFailures: '50' })
    const canary = listen()
    await settles(canary.closed, 'The stream', 20_000)
    expect(canary.messages.at(-1)!.texts.phase).toMatch(/the first tenant failed/)
    await admin.town.asOwner('delete from widgets', 't0')
    await admin.submit('/migrate', { to: 'all', maxFailures: '50' })
    const first = listen()
    await first.until(({ failures }) => failures.length > 0)
    first.close()
    await first.closed
    const told = first.messages.flatMap(({ failures }) => failures.map(({ tenant }) => tenant))
    await new Promise((resolve) => setTimeout(resolve, 300))
    const second = listen(first.lastId)
    await settles(second.closed, 'The stream', 20_000)
    const missed = second.messages.flatMap(({ failures }) => failures.map(({ tenant }) => tenant))
    expect([...told, ...missed].sort()).toEqual(['t1', 't10', 't2'])
    // A page that shows two of them is told the third.
    const page = listen(undefined, '?shown=2')
    await settles(page.closed, 'The stream')
    expect(page.messages.flatMap(({ failures }) => failures)).toHaveLength(1)
  })

  test('is cancelled: tenants in hand are finished, the others are not begun', async () => {
    await open('cancelled', 16)
    admin.town.folder.write(LATE, slow('create table late (id int)', 0.5))
    await admin.submit('/migrate', { to: 'all' })
    const events = listen()
    await events.until(({ value }) => value > 0)
    const cancelled = await admin.submit('/run', {})
    expect(wordsOf(await admin.follow(cancelled))).toContain('The run was told to stop')
    await settles(events.closed, 'The stream', 20_000)
    const { texts, value } = events.messages.at(-1)!
    expect(texts.phase).toContain('Cancelled')
    expect(value).toBeLessThan(16)
    expect(await admin.tenancy.statusAll()).toMatchObject({ atHead: value, problems: [] })
    // To say it again goes on.
    await admin.submit('/migrate', { to: 'all' })
    await settles(listen().closed, 'The stream', 20_000)
    expect(await admin.tenancy.statusAll()).toMatchObject({ atHead: 16 })
  })

  test('what concerns all tenants ends it before it begins, and is told', async () => {
    await open('refused', 2)
    admin.town.folder.write(LATE, '-- Up Migration\nthis is no SQL;\n')
    await admin.submit('/migrate', { to: 'all' })
    await settles(listen().closed, 'The stream', 20_000)
    const page = wordsOf(await admin.get('/run'))
    expect(page).toContain('Ended: it could not begin. ')
    expect(page).toMatch(/Nothing was migrated .*ROWHOUSE_MIGRATION_(FAILED|REFUSED)/)
    const unknown = await admin.submit('/migrate', { to: '20990101000000' })
    await settles(listen().closed, 'The stream', 20_000)
    expect(wordsOf(await admin.follow(unknown))).toContain('ROWHOUSE_MIGRATION_TARGET')
    const odd = await admin.submit('/migrate', { maxFailures: 'many' })
    expect([odd.status, wordsOf(odd)]).toEqual([422, expect.stringContaining('Nothing was started.')])
  })
})
