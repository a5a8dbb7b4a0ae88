import { provideMysql } from '../../scripts/embedded-mysql/provide'
import type { StartedMysqlServer } from '../../scripts/embedded-mysql/start'

/** Run by embedded-mysql.test.ts: starts a server, prints it as JSON, and never stops it. */
async function main(): Promise<void> {
  const { pid, dataDir } = (await provideMysql()) as StartedMysqlServer
  process.stdout.write(`${JSON.stringify({ pid, dataDir })}\n`)
  setInterval(() => {}, 60_000)
}

void main()
