import { scaleFleet } from './scale-fleet'
import { scaleMysql } from './scale-mysql'
import { scalePostgres } from './scale-postgres'
import { POOL_SIZE, TENANTS } from './visits'

const WAYS = { postgres: scalePostgres, mysql: scaleMysql, fleet: scaleFleet }

/** Shows what many tenants cost: `npm run bench:scale`, or one of its parts: `npm run bench:scale -- fleet`. */
async function main(): Promise<void> {
  const wanted = process.argv[2]
  console.log(
    `${TENANTS} tenants, visited once by a pool of ${POOL_SIZE} and once more, or migrated as a fleet`,
  )
  for (const [name, scale] of Object.entries(WAYS)) {
    if (wanted !== undefined && wanted !== name) continue
    console.log(`\n${name}\n`)
    await scale()
  }
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
