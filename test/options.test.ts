import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseOptions } from '../src/options'
import { postgres } from '../src/postgres/postgres'
import type { PostgresOptions } from '../src/postgres/postgres'

const engine = postgres({})

function problemsOf(work: () => unknown): readonly string[] {
  try {
    work()
  } catch (error) {
    expect(error).toMatchObject({ code: 'ROWHOUSE_CONFIG' })
    return (error as { problems: readonly string[] }).problems
  }
  return []
}

test('the defaults are the documented ones', () => {
  expect(parseOptions({ engine })).toMatchObject({
    name: 'default',
    prefix: 'tenant_',
    migrationsTable: 'schema_migrations',
    migrations: join(process.cwd(), 'tenant-migrations'),
  })
})

test('all mistakes are told at once', () => {
  const problems = problemsOf(() =>
    parseOptions({
      engine: undefined as never,
      name: '',
      prefix: 'Bad Prefix',
      migrationsTable: '_rowhouse',
    }),
  )
  expect(problems).toHaveLength(4)
})

test.each(['pg_', 'A_', '1_', 'a-b', 'a"', 'ü'])('the prefix %j is refused', (prefix) => {
  expect(problemsOf(() => parseOptions({ engine, prefix }))).toEqual([
    expect.stringContaining(JSON.stringify(prefix)),
  ])
})

test.each(['', 'tenant_', 'a1_'])('the prefix %j is taken', (prefix) => {
  expect(parseOptions({ engine, prefix }).prefix).toBe(prefix)
})

test('the folder of the engine comes before the common one', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rowhouse-options-')))
  const before = process.cwd()
  try {
    process.chdir(folder)
    expect(parseOptions({ engine }).migrations).toBe(join(folder, 'tenant-migrations'))
    mkdirSync(join(folder, 'tenant-migrations/postgres'), { recursive: true })
    expect(parseOptions({ engine }).migrations).toBe(join(folder, 'tenant-migrations/postgres'))
  } finally {
    process.chdir(before)
    rmSync(folder, { recursive: true })
  }
})

test.each([
  [{ sharedSchemas: ['$user'] }, /sharedSchemas/],
  [{ sharedSchemas: ['s'.repeat(64)] }, /longer than a name can be/],
  [{ sharedSchemas: ['pg_temp'] }, /sharedSchemas/],
  [{ sharedSchemas: [''] }, /sharedSchemas/],
  [{ hygiene: 'none' }, /hygiene/],
  [{ pooler: 'transaction' }, /pooler/],
  [{ lockTimeoutMs: NaN }, /lockTimeoutMs/],
])('the engine refuses %j', (options, message) => {
  expect(problemsOf(() => postgres(options as PostgresOptions))).toEqual([expect.stringMatching(message)])
})
