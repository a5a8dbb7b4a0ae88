import type { SchemaName } from '../../src/tenant/schema-name'
import { booksOf, MysqlFleet } from './support/fleet'
import type { FleetWorker } from './support/fleet'

const FILES = { '20200101000000_a.sql': '-- Up Migration\ncreate table a (id int);\n' }

let fleet: MysqlFleet
let worker: FleetWorker
afterEach(() => fleet.close())

async function open(title: string, tenants: readonly string[]): Promise<void> {
  fleet = await MysqlFleet.open(title, FILES)
  worker = await fleet.worker()
  for (const id of tenants) await fleet.town.tenancy.create(id)
}

describe('a survey among databases of others', () => {
  test("a mark of a type that can not stand beside texts is nobody's, and neither are the databases of the server", async () => {
    await open('types', ['a', 'b'])
    const { owner } = fleet.town
    const schema = fleet.schema('place')
    await owner.query('create database ??', [schema])
    await owner.query('create table ??._rowhouse (tenancy geometry, tenant int, state int)', [schema])
    await owner.query('create table ??.schema_migrations like ??.schema_migrations', [
      schema,
      fleet.schema('a'),
    ])
    const asked = [fleet.schema('a'), schema, 'information_schema', 'performance_schema', fleet.schema('b')]
    const found = await worker.survey(asked as SchemaName[], new Map())
    expect(found.map(({ mark }) => mark?.tenant)).toEqual(['a', undefined, undefined, undefined, 'b'])
  })

  test("a table that has nothing but the digested columns is another tool's, and no empty journal", async () => {
    await open('columns', ['a', 'b'])
    await fleet.town.rows('a', 'alter table schema_migrations drop primary key, drop column number')
    const [found] = await worker.survey([fleet.schema('a')], new Map())
    expect(found!.books).toMatchObject({ code: 'ROWHOUSE_MIGRATION_TARGET' })
  })

  test('names that need quotes', async () => {
    await open('quotes', ['a-b'])
    const odd = `${fleet.town.prefix}a\`; drop database x; -- '`
    await fleet.town.owner.query('create database ??', [odd]).catch(() => {})
    const found = await worker.survey([fleet.schema('a-b'), odd as never], new Map())
    expect(booksOf(found[0]!).applied).toHaveLength(1)
    expect(found[1]!.mark).toBeUndefined()
  })
})
