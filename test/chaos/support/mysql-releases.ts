import { BASE_LEAVES, COUNT, leaving, trace } from './release'
import type { Releases } from './release'

/** Releases of the fleet on MariaDB: DDL with writes in between, programs, and a statement of which nobody can know what it did. */
export const MYSQL_RELEASES: Releases = {
  base: {
    file: '20260101000000_base.sql',
    text: `create table trace (name varchar(50) not null);
create table counter (n int not null);
create table items (id int auto_increment primary key, code int not null, amount int not null, price int not null);
insert into counter values (0);
insert into items (code, amount, price) values ${Array.from({ length: 50 }, (_, n) => `(${n + 1}, ${n + 1}, ${n + 1})`).join(', ')};`,
    leaves: BASE_LEAVES,
  },
  storms: [
    {
      checks: 'amount',
      keptOnFailure: 2,
      migrations: [
        {
          file: '20260201000000_orders.sql',
          text: `create table orders (id int auto_increment primary key);
${trace('orders')}
alter table orders add column total int;
${COUNT}
create index orders_by_total on orders (total);
insert into orders (total) values (1), (2);
${trace('orders filled')}`,
          leaves: leaving(['orders', 'orders filled'], 1, ['orders.id', 'orders.total', 'orders_by_total']),
        },
        {
          file: '20260202000000_asking.ts',
          text: `import type { MigrationDb } from 'rowhouse/mysql'
export async function up(db: MigrationDb): Promise<void> {
  await db.query('create table notes (body varchar(50))')
  const [rows] = await db.query<{ n: number }[]>('select count(*) as n from items where code > 0')
  await db.query('insert into trace (name) values (?)', ['asking ' + rows[0]!.n])
  await db.query('${COUNT.slice(0, -1)}')
  await db.query('alter table notes add column at datetime')
  await db.query('insert into trace (name) values (?)', ['asked'])
}
export async function down(): Promise<void> {}
`,
          leaves: leaving(['asking 50', 'asked'], 1, ['notes.at', 'notes.body']),
        },
        {
          file: '20260203000000_checked.sql',
          text: `${trace('checked')}
alter table items add column checked int;
${COUNT}
alter table items add constraint amount_not_negative
  check (amount >= 0);
${trace('checked to the end')}`,
          leaves: leaving(['checked', 'checked to the end'], 1, ['items.checked']),
          fails: { leaves: leaving(['checked'], 1, ['items.checked']), statement: 4, line: 4 },
        },
      ],
    },
    {
      checks: 'price',
      keptOnFailure: 2,
      migrations: [
        {
          file: '20260301000000_summary.sql',
          text: `${trace('summary')}
create table summary select count(*) as items from items;
${trace('summary made')}`,
          leaves: leaving(['summary', 'summary made'], 0, ['summary.items']),
        },
        {
          file: '20260302000000_program.js',
          text: `exports.up = async (db) => {
  for (const column of ['a', 'b', 'c']) {
    await db.query('alter table items add column ' + column + ' int')
    await db.query('insert into trace (name) values (?)', ['program ' + column])
  }
  await db.query('create view item_codes as select code from items')
  await db.query('${COUNT.slice(0, -1)}')
}
exports.down = async () => {}
`,
          leaves: leaving(['program a', 'program b', 'program c'], 1, [
            'item_codes.code',
            'items.a',
            'items.b',
            'items.c',
          ]),
        },
        {
          file: '20260303000000_checked_again.sql',
          text: `${COUNT}
${trace('checked again')}
alter table items add constraint price_not_negative check (price >= 0);
alter table items add column last int;
${trace('end')}`,
          leaves: leaving(['checked again', 'end'], 1, ['items.last']),
          fails: { leaves: leaving(['checked again'], 1), statement: 3, line: 3 },
        },
      ],
    },
  ],
}
