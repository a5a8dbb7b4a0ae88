import type { RowDataPacket } from 'mysql2'
import { FUNCTIONS, KEYWORDS } from '../../src/mysql/pure-names'
import { MYSQL_SERVERS } from '../support/servers'
import { Houses } from './support/houses'

const LOCK = `get_lock('theirs', 0)`

/** Texts that leave something behind, and do not look like it. */
const TEXTS: [what: string, text: string, sqlMode?: string][] = [
  ['a function whose name begins with a digit', 'select 2fa()'],
  ['a function whose name looks like a number', 'select `a`.1e5()'],
  ['a function of a name that is native elsewhere', 'select any_value(1)'],
  ['a function of a native name, by a blank before the parenthesis', 'select now ()'],
  ['the same behind a comment', 'select now/* */()'],
  ['a function of a keyword that the server does not reserve', 'select only()'],
  ['a function of a name that only lower case makes a native one', 'select ran\u212a(1)'],
  ['a call behind a column that is called `table`', `select t.table, ${LOCK} from t`],
  ['a call behind a column that is called `into`', `select t.into, ${LOCK} from t`],
  ['a call behind an executable comment of a later server', `select 1 /*!999999 ' */, ${LOCK}`],
  ['a call in an executable comment', `select /*! ${LOCK}, */ 1`],
  ['a call behind a comment that a control character makes one', `select 1 --\x01 '\n , ${LOCK}`],
  ['a call behind what a blank beyond ASCII makes no comment', `select 1 --\u00a0, ${LOCK} from t`],
  ['a function in double quotes', 'select "2fa"()', 'ANSI_QUOTES'],
  ['a call behind a name in double quotes', `select "a\\" , ${LOCK} , '"' from t`, 'ANSI_QUOTES'],
  ['a call behind a backslash', `select '\\', ${LOCK} -- '`, 'NO_BACKSLASH_ESCAPES'],
  ['a call behind the same in double quotes', `select "\\", ${LOCK} -- "`, 'NO_BACKSLASH_ESCAPES'],
]

describe.each(MYSQL_SERVERS)('what a text hides is cleared away all the same, on $name', (server) => {
  const houses = new Houses(server, 'hidden')
  beforeAll(async () => {
    await houses.build(['a', 'b'])
    await houses.asOwner(async (owner) => {
      await owner.query('use ??', [houses.schema('a')])
      await owner.query('create table t (`table` int, `into` int, `\u00a0` int, `a\\` int)')
      await owner.query('insert into t values (1, 1, 1, 1)')
      for (const name of ['2fa', '1e5', 'now', 'only'])
        await owner.query(`create function ??() returns int no sql begin set @who = 'a'; return 1; end`, [
          name,
        ])
      for (const name of ['any_value', 'ran\u212a'])
        await owner.query(
          `create function ??(x int) returns int no sql begin set @who = 'a'; return x; end`,
          [name],
        )
    })
  })
  afterAll(() => houses.clear())

  test.each(TEXTS)('%s', async (_what, text, sqlMode = '') => {
    const { pool, callbackPool } = houses.pools()
    callbackPool.on('connection', (connection) => void connection.query('set sql_mode = ?', [sqlMode]))
    const sql = text.replace('`a`', `\`${houses.schema('a')}\``)
    await houses.in('b', () => pool.query('select 1'))
    await houses.in('a', () => pool.query('select 1'))
    await houses.in('a', async () => {
      const run = pool.query(sql).then(
        () => 'ran',
        (error: { errno: number }) => error.errno,
      )
      // Where the server takes it for something else, there is nothing to clear.
      expect(['ran', 1064, 1305]).toContain(await run)
    })
    const [rows] = await houses.in('b', () =>
      pool.query<RowDataPacket[]>(
        `select @who as who, is_used_lock('theirs') = connection_id() as held, connection_id() as thread`,
      ),
    )
    expect(rows).toEqual([{ who: null, held: null, thread: expect.any(Number) }])
  })

  /** Calls that the server takes for one of a stored function, since there is none of that name. */
  async function storedOf(calls: readonly string[]): Promise<string[]> {
    const stored: string[] = []
    await houses.asOwner(async (owner) => {
      await owner.query('use ??', [houses.schema('b')])
      // As after COM_RESET_CONNECTION, which mysql2's IGNORE_SPACE does not outlive (measured).
      await owner.query(`set sql_mode = ''`)
      for (const call of calls) {
        const error = await owner.query(`select ${call}`).catch(({ errno }: { errno: number }) => errno)
        // ER_SP_DOES_NOT_EXIST
        if (error === 1305) stored.push(call)
      }
    })
    return stored
  }

  test('no name that counts as harmless can be a function of the tenant', async () => {
    const lists = ['', '0', '0, 0', '0, 0, 0']
    const tight = [...FUNCTIONS, ...KEYWORDS].flatMap((name) => lists.map((list) => `${name}(${list})`))
    const apart = [...KEYWORDS].flatMap((name) => lists.map((list) => `${name} (${list})`))
    expect(await storedOf(['nope()', ...tight, ...apart])).toEqual(['nope()'])
  })
})
