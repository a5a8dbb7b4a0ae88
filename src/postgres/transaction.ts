import type { Client } from 'pg'

/** Does work in a transaction that has its id from the start; a failure rolls it back and is thrown on. */
export async function inTransaction(client: Client, work: () => Promise<void>): Promise<void> {
  await client.query('begin; select pg_current_xact_id()')
  try {
    await work()
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}
