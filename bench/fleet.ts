import { provideMysql } from '../scripts/embedded-mysql/provide'
import { providePostgres } from '../scripts/embedded-postgres/provide'
import type { Result } from './alternate'
import { benchMysqlFleet } from './fleet-mysql'
import { benchPostgresFleet } from './fleet-postgres'

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 3)

/** Prints what commands over many tenants take, as ratios to the usual way in the same run. */
export async function benchFleet(only: string | undefined): Promise<void> {
  if (only !== 'mysql') {
    const server = await providePostgres()
    try {
      print('PostgreSQL', await benchPostgresFleet(server.ownerUrl, ROUNDS))
    } finally {
      await server.stop()
    }
  }
  if (only !== 'postgres') {
    const server = await provideMysql()
    try {
      print(server.version, await benchMysqlFleet(server.ownerUrl, ROUNDS))
    } finally {
      await server.stop()
    }
  }
}

/** Once as "so many times as fast", once as "so much slower": whoever reads wants the number above 1. */
function print(engine: string, results: readonly Result[]): void {
  console.log(`\n## Fleets on ${engine}, medians of ${ROUNDS} rounds\n`)
  console.log(
    '| what | against | ours, ms | theirs, ms | theirs / ours | ours / theirs |\n|---|---|---|---|---|---|',
  )
  for (const { name, against, oursMs, theirsMs, ratio } of results) {
    console.log(
      `| ${name} | ${against} | ${oursMs.toFixed(0)} | ${theirsMs.toFixed(0)} | ${ratio.toFixed(2)} | ${(1 / ratio).toFixed(2)} |`,
    )
  }
}
