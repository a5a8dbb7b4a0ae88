import type { DatabasePool } from 'slonik'
import { PAIRS, SlonikHouses } from './support/slonik-houses'

/** Values that drivers read differently. */
const VALUES = [
  `1::int2`,
  `2::int4`,
  `3::int8`,
  `'{1,2}'::int4[]`,
  `'{1,2}'::int8[]`,
  `1.5::numeric`,
  `'{1.5,2.5}'::numeric[]`,
  `1.5::float8`,
  `'{1.5}'::float4[]`,
  `'2026-01-02'::date`,
  `'{2026-01-02}'::date[]`,
  `'2026-01-02 03:04:05'::timestamp`,
  `'{2026-01-02 03:04:05}'::timestamp[]`,
  `'2026-01-02 03:04:05+00'::timestamptz`,
  `'1 day 02:03:04'::interval`,
  `'{1 day}'::interval[]`,
  `'{"a": [1]}'::json`,
  `'{"a": [1]}'::jsonb`,
  `array['{"a": 1}'::jsonb]`,
  `'\\x4142'::bytea`,
  `true`,
  `'{t,f}'::bool[]`,
  `'[1,5)'::int4range`,
  `'[1.5,5)'::numrange`,
  `'(1,2)'::point`,
  `'00000000-0000-0000-0000-000000000000'::uuid`,
  `'x'::name`,
  `null::int`,
  `null::text[]`,
  `'{a,null}'::text[]`,
  `'127.0.0.1'::inet`,
  `12.5::money`,
]

describe.each(PAIRS)('types of $name', (pair) => {
  const houses = new SlonikHouses(pair, 'types')
  const { sql } = houses
  const { createTypeParserPreset } = pair.slonik.module
  const mood = { name: 'mood', parse: (value: string) => `<${value}>` }
  beforeAll(() => houses.build(['a', 'b']))
  afterAll(() => houses.clear())

  const addMood = (id: string): Promise<unknown> =>
    houses.asOwner((owner) =>
      owner.query(
        `create type ${houses.schema(id)}.mood as enum ('good', 'bad');
         alter table ${houses.schema(id)}.users add mood ${houses.schema(id)}.mood default 'good'`,
      ),
    )
  const streamed = async (pool: DatabasePool, query: typeof moods): Promise<unknown[]> => {
    const rows: unknown[] = []
    await pool.stream(query, (stream) => void stream.on('data', ({ data }) => rows.push(data)))
    return rows
  }
  const moods = sql`select mood, array[mood] as list, 1 as one from users where id = 1`
  const parsed = [{ mood: '<good>', list: ['<good>'], one: 1 }]

  test.each([
    ['the preset of slonik', {}],
    ['no parsers', { typeParsers: [] }],
  ])('are read as slonik reads them, with %s', async (_what, options) => {
    const ours = await houses.tenantSlonik(options)
    const plain = await houses.plainSlonik('a', options)
    const columns = VALUES.map((value, index) => `${value} as c${index}`)
    const query = houses.textQuery(`select ${columns.join(', ')}`)
    const expected = await plain.query(query)
    expect(await houses.in('a', () => ours.query(query))).toEqual(expected)
    expect(await houses.in('a', () => streamed(ours, query))).toEqual(expected.rows)
  })

  test('a parser for a type of the tenants finds it in each of them, also in those that come later', async () => {
    await addMood('a')
    const pool = await houses.tenantSlonik({ typeParsers: [...createTypeParserPreset(), mood] })
    expect(await houses.in('a', () => pool.any(moods))).toEqual(parsed)
    await addMood('b')
    expect(await houses.in('b', () => streamed(pool, moods))).toEqual(parsed)
    expect(await houses.in('b', () => pool.any(moods))).toEqual(parsed)
    await houses.build(['late'])
    await addMood('late')
    const inTransaction = houses.in('late', () => pool.transaction((tx) => tx.any(moods)))
    expect(await inTransaction).toEqual(parsed)
    expect(await houses.in('a', () => pool.any(moods))).toEqual(parsed)
  })

  test('a type that no parser is for stays as it is, also where one is made in an open transaction', async () => {
    await houses.build(['other'])
    const pool = await houses.tenantSlonik({ typeParsers: [mood] })
    const other = await houses.in('other', () =>
      pool.transaction(async (tx) => {
        await tx.query(sql`create type level as enum ('low')`)
        await tx.query(sql`create type mood as enum ('good')`)
        return tx.one(sql`select 'low'::level as level, '{low}'::level[] as levels, null::level as none`)
      }),
    )
    expect(other).toEqual({ level: 'low', levels: '{low}', none: null })
    expect(await houses.in('other', () => pool.oneFirst(sql`select 'good'::mood`))).toBe('<good>')
  })
})
