import { scaleMysql } from './scale-mysql'
import { scalePostgres } from './scale-postgres'
import { POOL_SIZE, TENANTS } from './visits'

const ENGINES = { postgres: scalePostgres, mysql: scaleMysql }

/** Shows what many tenants cost: `npm run bench:scale`, or `npm run bench:scale -- mysql` for one engine. */
async function main(): Promise<void> {
  const wanted = process.argv[2]
  console.log(`${TENANTS} tenants of one table each, visited once by a pool of ${POOL_SIZE}, and once more`)
  for (const [name, scale] of Object.entries(ENGINES)) {
    if (wanted !== undefined && wanted !== name) continue
    console.log(`\n${name}\n`)
    await scale()
  }
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
