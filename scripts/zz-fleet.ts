import { providePostgres } from './embedded-postgres/provide'
import { benchPostgresFleet } from '../bench/fleet-postgres'
async function main() {
  const server = await providePostgres()
  try {
    console.log(await benchPostgresFleet(server.ownerUrl, Number(process.argv[2] ?? 3)))
  } finally {
    await server.stop()
  }
}
main().catch((e) => {
  console.error(e)
  process.exitCode = 1
})
