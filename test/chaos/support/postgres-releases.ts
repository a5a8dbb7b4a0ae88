import { BASE_LEAVES, COUNT, leaving, NO_TRACES, trace } from './release'
import type { Releases } from './release'

// What can be said twice without an error is said so: a second run must be seen by what it leaves, and not stop itself.
// Where it is killed is by chance; so it takes its time.
const PAUSE = 'select pg_sleep(0.05);'

/** Releases of the fleet on PostgreSQL: one that is one text in one round trip, and one that is cut in parts. */
export const POSTGRES_RELEASES: Releases = {
  base: {
    file: '20260101000000_base.sql',
    text: `create table trace (name text not null);
create table counter (n int not null);
create table items (id serial primary key, code int not null, amount int not null, price int not null);
insert into counter values (0);
insert into items (code, amount, price) select n, n, n from generate_series(1, 200) n;`,
    leaves: BASE_LEAVES,
  },
  storms: [
    {
      checks: 'amount',
      keptOnFailure: 0,
      migrations: [
        // First: who waits for its row has passed all that is asked before, and all behind it can be said twice.
        {
          file: '20260201000000_count.sql',
          text: `${COUNT}\n${PAUSE}\n${trace('count')}`,
          leaves: leaving(['count'], 1),
        },
        {
          file: '20260202000000_orders.ts',
          text: `import type { MigrationBuilder } from 'node-pg-migrate'
export function up(pgm: MigrationBuilder): void {
  pgm.createTable('orders', { id: 'id', total: { type: 'integer' } }, { ifNotExists: true })
  pgm.sql("insert into trace (name) values ('orders')")
}
`,
          leaves: leaving(['orders'], 0, ['orders.id', 'orders.total']),
        },
        {
          file: '20260203000000_checked.sql',
          text: `${trace('checked')}
${COUNT}
alter table items drop constraint if exists amount_not_negative;
alter table items add constraint amount_not_negative check (amount >= 0);`,
          leaves: leaving(['checked'], 1),
          fails: { leaves: NO_TRACES, statement: 4, line: 4 },
        },
      ],
    },
    {
      checks: 'price',
      keptOnFailure: 2,
      migrations: [
        {
          file: '20260301000000_notes.sql',
          text: `create table if not exists notes (body text);\n${PAUSE}\n${trace('notes')}`,
          leaves: leaving(['notes'], 0, ['notes.body']),
        },
        {
          file: '20260302000000_index.js',
          text: `exports.up = (pgm) => {
  pgm.noTransaction()
  pgm.createIndex('items', 'code', { name: 'items_by_code', concurrently: true, ifNotExists: true, unique: true })
}
exports.down = false
`,
          leaves: leaving([], 0, ['items_by_code']),
        },
        {
          file: '20260303000000_asking.ts',
          text: `import type { MigrationBuilder } from 'node-pg-migrate'
export async function up(pgm: MigrationBuilder): Promise<void> {
  const rows = await pgm.db.select('select count(*)::int as n from items where code > 0')
  pgm.sql(\`insert into trace (name) values ('asking \${rows[0].n}'); ${COUNT}\`)
}
`,
          leaves: leaving(['asking 200'], 1),
        },
        {
          file: '20260304000000_checked_again.sql',
          text: `${COUNT}\n${trace('checked again')}
alter table items add column if not exists note text;
alter table items
  drop constraint if exists price_not_negative,
  add constraint price_not_negative check (price >= 0);`,
          leaves: leaving(['checked again'], 1, ['items.note']),
          fails: { leaves: NO_TRACES, statement: 4, line: 4 },
        },
        {
          file: '20260305000000_end.sql',
          text: `update items set amount = amount + 1;\n${PAUSE}\n${trace('end')}`,
          leaves: leaving(['end']),
        },
      ],
    },
  ],
}
