import { setTimeout as sleep } from 'node:timers/promises'
import express from 'express'
import type { ErrorRequestHandler, Express } from 'express'
import type { RowDataPacket } from 'mysql2/promise'
import { listen } from '../../isolation/support/app'
import { Caller, CONCURRENCY } from '../../isolation/support/caller'
import { Dice } from '../../isolation/support/dice'
import { judge } from '../../isolation/support/judge'
import type { Kind } from '../../isolation/support/kind'
import { Ledger } from '../../isolation/support/ledger'
import type { Finding } from '../../isolation/support/ledger'
import { Schedule } from '../../isolation/support/schedule'
import type { Account, Errand } from '../../isolation/support/turn'
import type { MysqlKind } from './stress-kinds'
import type { MysqlSubject } from './stress-subjects'
import type { StressTown } from './stress-town'

/** How to run. */
export interface MysqlStressOptions {
  readonly seed: number
  readonly rounds: number
  readonly kinds: readonly MysqlKind[]
  /** Kills from outside in each round. */
  readonly strikes: number
}

/** What came of it. */
export interface MysqlReport {
  readonly findings: readonly Finding[]
  readonly acknowledged: number
  readonly requests: number
  readonly rowsSeen: number
  readonly writes: number
}

/** Messages of connections that were killed while a request used them. */
const DISTURBED =
  /CONNECTION_LOST|Connection lost|ECONNRESET|EPIPE|ER_QUERY_INTERRUPTED|ER_CONNECTION_KILLED|closed state|Connection was killed|interrupted/

/** Drives a pool through Express with 200 requests at once, and looks into the tables at the end. */
export async function stress(
  subject: MysqlSubject,
  town: StressTown,
  options: MysqlStressOptions,
): Promise<MysqlReport> {
  const app = await listen(createApp(subject, town, options.kinds))
  const caller = new Caller(app.port, 20_000)
  const ledger = new Ledger()
  // The schedule looks at names, weights and tokens only.
  const schedule = new Schedule(options.seed, town.tenants, options.kinds as unknown as readonly Kind[])
  const findings: Finding[] = []
  let [acknowledged, rowsSeen] = [0, 0]
  try {
    for (let round = 0; round < options.rounds; round += 1) {
      const struck = strike(town, new Dice(options.seed + round), options.strikes)
      const planned = schedule.take(CONCURRENCY)
      await Promise.all(
        planned.map(async (one) => {
          for (const { token, fate } of one.fates) ledger.expect(token, fate, one.kind.name)
          const answer = await caller.call(one.tenant, one.kind.name, one.errand)
          rowsSeen += answer.reply.seen.length
          const { code = '', message = '' } = answer.reply.error ?? {}
          const isDisturbed = DISTURBED.test(code) || DISTURBED.test(message)
          if (answer.status === 200) {
            acknowledged += 1
            for (const { token } of one.fates) ledger.acknowledge(token)
          }
          findings.push(
            ...judge(one, answer).filter(({ type }) => !(isDisturbed && type === 'unexpected failure')),
          )
        }),
      )
      await struck
    }
  } finally {
    caller.close()
    await app.close()
    await subject.close()
  }
  findings.push(...ledger.audit(await town.items()))
  return { findings, acknowledged, requests: options.rounds * CONCURRENCY, rowsSeen, writes: ledger.kept }
}

function createApp(subject: MysqlSubject, town: StressTown, kinds: readonly MysqlKind[]): Express {
  const app = express()
  app.use(express.json())
  app.use('/tenants/:tenantId', (req, _res, next) => subject.run(req.params.tenantId, () => next()))
  for (const kind of kinds) {
    app.post(`/tenants/:tenantId/${encodeURIComponent(kind.name)}`, async (req, res) => {
      const account: Account = { seen: [], states: [], contexts: [] }
      res.locals.account = account
      const errand = req.body as Errand
      await kind.run({
        ...errand,
        tenant: req.params.tenantId,
        otherDatabase: town.schema(errand.other),
        subject,
        account,
      })
      res.json(account)
    })
  }
  app.use(((error: { code?: string; message: string }, _req, res, _next) => {
    const account = res.locals.account as Account
    res.status(500).json({ ...account, error: { code: error.code, message: error.message } })
  }) as ErrorRequestHandler)
  return app
}

/** Kills connections of the application at random moments. */
async function strike(town: StressTown, dice: Dice, count: number): Promise<void> {
  await town.asOwner(async (owner) => {
    for (let left = count; left > 0; left -= 1) {
      await sleep(dice.below(60))
      const [rows] = await owner.query<RowDataPacket[]>(
        `select id from information_schema.processlist where user = 'rowhouse_app' and db like ?`,
        [`${town.prefix.replaceAll('_', '\\_')}%`],
      )
      if (rows.length === 0) continue
      const what = dice.chance(0.6) ? 'kill query' : 'kill'
      await owner.query(`${what} ${dice.pick(rows)['id']}`).catch(() => {})
    }
  })
}
