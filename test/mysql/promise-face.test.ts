import type { Pool } from 'mysql2/promise'
import type { Way } from '../../src/mysql/promise-face'
import { MYSQL_SERVERS } from '../support/servers'
import { context, Houses, namesIn } from './support/houses'

const WRONG = 'select name from no_such_table'
type Answer = Promise<[Record<string, unknown>[], { name: string }[]]>
/** A pool without the types that refuse what is wrong. */
type Asking = Record<Way, (sql: unknown, values?: unknown) => Answer>

const WAYS = ['query', 'execute'] as const

describe.each(MYSQL_SERVERS)('the promise pool, which records no stacks, on $name', (server) => {
  const houses = new Houses(server, 'face')
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  /** How a query of tenant a that the server refuses ends for a function that waits for it. */
  async function failure(work: () => Promise<unknown>): Promise<Error & { code?: string }> {
    try {
      await houses.in('a', work)
    } catch (error) {
      return error as Error
    }
    throw new Error('The query went well.')
  }

  const pools: { trace: boolean | undefined; pool: Pool }[] = []
  beforeAll(() => {
    for (const trace of [undefined, true, false]) {
      pools.push({ trace, pool: houses.pool(trace === undefined ? {} : { trace }) })
    }
  })
  const poolWith = (wanted?: boolean): Asking =>
    pools.find(({ trace }) => trace === wanted)!.pool as unknown as Asking

  describe.each(WAYS)('%s', (way) => {
    test('an error tells the functions that wait for it, and its message once', async () => {
      async function findWidgets(): Promise<unknown> {
        const answer = await poolWith()[way](WRONG)
        return answer
      }
      async function handleRequest(): Promise<unknown> {
        return await findWidgets()
      }

      const error = await failure(handleRequest)

      expect(error).toMatchObject({ code: 'ER_NO_SUCH_TABLE', errno: 1146, sqlState: '42S02', sql: WRONG })
      const [head, first, second] = error.stack!.split('\n')
      expect(head).toBe(`Error: ${error.message}`)
      expect([first, second]).toEqual([
        expect.stringMatching(/at (async )?findWidgets \(.*promise-face\.test\.ts:/),
        expect.stringMatching(/at (async )?handleRequest \(.*promise-face\.test\.ts:/),
      ])
    })

    test('through Promise.all and a then, too', async () => {
      async function readBoth(): Promise<unknown> {
        const failing = poolWith()
          [way](WRONG)
          .then((answer) => answer)
        const rows = await Promise.all([poolWith()[way]('select 1'), failing])
        return rows
      }

      expect((await failure(readBoth)).stack).toMatch(/at async Promise\.all .*\n +at (async )?readBoth/)
    })

    test('where nobody awaits it, the stack that it came with stays', async () => {
      const error = await new Promise<Error>((resolve) => {
        void houses.in('a', () => poolWith()[way](WRONG).catch(resolve))
      })

      expect(error.stack).toMatch(/^Error: Table [^\n]*\n +at [^\n]*mysql2/)
    })

    test('an error of ours keeps its class and code', async () => {
      async function readWithoutTenant(): Promise<unknown> {
        return await poolWith()[way]('select 1')
      }
      const refusal = await readWithoutTenant().catch((error: unknown) => error)

      expect(refusal).toMatchObject({ name: 'TenantRequiredError', code: 'ROWHOUSE_TENANT_REQUIRED' })
      expect((refusal as Error).stack).toMatch(/^TenantRequiredError: .*\n +at (async )?readWithoutTenant/)
    })

    test('an error that can not be changed, or stacks that are no text, stay as they are', async () => {
      const problem = Object.freeze(new Error('The transaction is over.'))
      const over = houses.pool({ transaction: () => ({ problem }) as never }) as unknown as Asking
      expect(await failure(async () => await over[way](WRONG))).toBe(problem)

      // eslint-disable-next-line @typescript-eslint/unbound-method -- put back as it was
      const { prepareStackTrace } = Error
      Error.prepareStackTrace = (_, places) => places
      try {
        const error = await failure(async () => await poolWith()[way](WRONG))
        expect(error).toMatchObject({ code: 'ER_NO_SUCH_TABLE', sql: WRONG })
      } finally {
        Error.prepareStackTrace = prepareStackTrace
      }
    })

    test('with `trace: true` mysql2 records the call, be it in a function that does not wait', async () => {
      const begin = (pool: Asking): Answer => pool[way](WRONG)

      expect((await failure(async () => await begin(poolWith(true)))).stack).toMatch(/at begin /)
      expect((await failure(async () => await begin(poolWith()))).stack).not.toMatch(/at begin /)
    })

    test('with `trace: false` nobody looks', async () => {
      async function waitForIt(): Promise<unknown> {
        return await poolWith(false)[way](WRONG)
      }

      expect((await failure(waitForIt)).stack).not.toContain('waitForIt')
    })

    test('takes what mysql2 takes, and answers alike', async () => {
      const calls: unknown[][] = [
        ['select name from users where id = ?', [2]],
        [{ sql: 'select name from users where id = ?', values: [1], rowsAsArray: true }],
        [{ sql: 'select name from users where id = ?' }, [1]],
        ['select name from users', undefined],
        ['select name from users', null],
        ['select ? as one', 0],
      ]
      for (const call of calls) {
        const ask = (trace?: boolean): Answer =>
          houses.in('a', () => poolWith(trace)[way](...(call as [unknown])))
        const [ours, theirs] = await Promise.allSettled([ask(), ask(true)])
        expect({ call, ...plain(ours) }).toEqual({ call, ...plain(theirs) })
      }
    })

    test('refuses a callback at once', () => {
      for (const trace of [undefined, true])
        expect(() => houses.in('a', () => poolWith(trace)[way]('select 1', () => {}))).toThrow(
          'Callback function is not available with promise clients.',
        )
    })

    test('goes on as the tenant that asked, behind an await and in a then', async () => {
      const pool = poolWith()
      const seen = await Promise.all(
        ['a', 'b', 'a', 'b'].map((id) =>
          houses.in(id, async () => {
            const names = namesIn(await pool[way]('select name from users where id = 1'))
            const later = await pool[way]('select 1').then(() => context.current()?.id)
            return [id, names[0], context.current()?.id, later]
          }),
        ),
      )

      expect(seen).toEqual(['a', 'b', 'a', 'b'].map((id) => [id, `${id}-1`, id, id]))
    })
  })
})

function plain(result: PromiseSettledResult<Awaited<Answer>>): object {
  if (result.status === 'rejected') return { refused: String(result.reason) }
  const [rows, fields] = result.value
  return { rows: JSON.stringify(rows), fields: fields.map(({ name }) => name) }
}
