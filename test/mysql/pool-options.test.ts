import { Readable } from 'node:stream'
import type { TenantPoolOptions } from '../../src/mysql/pool'
import { MYSQL_SERVERS } from '../support/servers'
import { Houses, namesIn } from './support/houses'

describe.each(MYSQL_SERVERS)('the options of a tenant pool, on $name', (server) => {
  const houses = new Houses(server, 'options')
  beforeAll(async () => {
    await houses.build(['a', 'b'])
    await houses.asOwner((owner) => owner.query('set global local_infile = 1'))
  })
  afterAll(() => houses.clear())

  const uriWith = (query: string): string => `${server.appUrl}?${query}`

  function load(options: Partial<TenantPoolOptions>): Promise<string> {
    const pool = houses.pool(options)
    const query = {
      sql: `load data local infile 'x' into table users (name)`,
      infileStreamFactory: () => Readable.from([Buffer.from('loaded\n')]),
    }
    return houses
      .in('a', () => pool.query(query as never))
      .then(
        () => 'loaded',
        () => 'refused',
      )
  }

  const FLAGS: [options: Partial<TenantPoolOptions>, outcome: string][] = [
    [{}, 'refused'],
    [{ flags: ['+LOCAL_FILES'] }, 'loaded'],
    [{ flags: ['local_files'] }, 'loaded'],
    [{ flags: '+LOCAL_FILES' as never }, 'loaded'],
    [{ flags: '-found_rows, +local_files' as never }, 'loaded'],
    [{ flags: ['-FOUND_ROWS'] }, 'refused'],
    [{ flags: '-FOUND_ROWS' as never }, 'refused'],
    [{ flags: '-LOCAL_FILES' as never }, 'refused'],
    [{ flags: ['+LOCAL_FILES', '-local_files'] }, 'refused'],
    [{ flags: '' as never }, 'refused'],
    [{ uri: uriWith('flags=-FOUND_ROWS') }, 'refused'],
    [{ uri: uriWith('flags=%2BLOCAL_FILES') }, 'loaded'],
    [{ uri: uriWith('flags=%2BLOCAL_FILES'), flags: ['-FOUND_ROWS'] }, 'refused'],
  ]

  test.each(FLAGS)('LOAD DATA LOCAL is off unless it is asked for: %j', async (options, outcome) => {
    expect(await load(options)).toBe(outcome)
  })

  test('the other flags do what they do in mysql2', async () => {
    const pool = houses.pool({ flags: '-found_rows' as never })
    const [same] = await houses.in('a', () => pool.query(`update users set name = 'a-1' where id = 1`))
    expect(same).toMatchObject({ affectedRows: 0 })
  })

  test.each([{ resetOnRelease: true }, { uri: uriWith('resetOnRelease=true') }])(
    'resetOnRelease is refused, wherever it comes from: %j',
    (options) => {
      expect(() => houses.pool(options)).toThrow(
        expect.objectContaining({
          code: 'ROWHOUSE_CONFIG',
          message: expect.stringContaining('resetOnRelease'),
        }),
      )
    },
  )

  test('every problem of the options is told at once', () => {
    const wrong = { uri: uriWith('resetOnRelease=1'), hygiene: 'no', switch: 'no', statementBudget: 0.5 }
    const message = /(?=.*hygiene)(?=.*switch)(?=.*statementBudget)(?=.*resetOnRelease)/s
    expect(() => houses.pool(wrong as never)).toThrow(message)
  })

  const LIMITS: [options: object, kept: number][] = [
    [{ connectionLimit: 10, statementBudget: 100 }, 10],
    [{ connectionLimit: undefined, uri: uriWith('connectionLimit=50'), statementBudget: 100 }, 2],
    [{ connectionLimit: '20', statementBudget: 100 }, 5],
    [{ maxPreparedStatements: 3 }, 3],
    [{ uri: uriWith('maxPreparedStatements=3') }, 3],
    [{ maxPreparedStatements: 1000, connectionLimit: 100 }, 81],
    [{ maxPreparedStatements: 'many' }, 256],
    [{}, 256],
  ]

  test.each(LIMITS)('what a connection keeps of statements, with %j: %i', async (options, kept) => {
    const { pool, callbackPool } = houses.pools(options)
    const { config } = callbackPool as never as {
      config: { connectionConfig: { maxPreparedStatements: number } }
    }
    expect(config.connectionConfig.maxPreparedStatements).toBe(kept)
    expect(namesIn(await houses.in('b', () => pool.execute('select name from users where id = 1')))).toEqual([
      'b-1',
    ])
  })

  test('the options that were given stay as they were', () => {
    const options = Object.freeze({
      uri: uriWith('connectionLimit=3'),
      flags: Object.freeze(['-FOUND_ROWS']),
    })
    expect(() => houses.pool(options as never)).not.toThrow()
  })
})
