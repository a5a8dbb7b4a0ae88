import { Writable } from 'node:stream'
import pino from 'pino'
import { createLogger, format, transports } from 'winston'
import { createTenancy } from '../../src/tenancy'
import { tenantMixin } from '../../src/logs'
import { recordingEngine } from '../../src/testing/recording-engine'

const tenancy = createTenancy({ engine: recordingEngine() })

/** Keeps the lines of a logger. */
class Lines extends Writable {
  readonly lines: Record<string, unknown>[] = []
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    for (const line of chunk.toString().trim().split('\n'))
      this.lines.push(JSON.parse(line) as Record<string, unknown>)
    done()
  }
}

/** Two tenants that log in turn, and somebody without one. */
async function logAll(log: (fields: object, message: string) => void): Promise<void> {
  const work = async (id: string): Promise<void> => {
    for (let turn = 0; turn < 5; turn += 1) {
      log({ turn }, id)
      await new Promise(setImmediate)
    }
  }
  await Promise.all([
    ...['acme', 'globex'].map((id) => tenancy.run(id, () => work(id))),
    tenancy.withoutTenant(() => work('shared')),
    work('nobody'),
  ])
}

function expectEachItsOwn(lines: readonly Record<string, unknown>[], message: string): void {
  expect(lines).toHaveLength(20)
  // In turn, and not one after the other: else one tenant for all would do.
  expect(new Set(lines.slice(0, 4).map((line) => line[message])).size).toBe(4)
  for (const line of lines) {
    const whose = line[message]
    expect([whose, line['tenant']]).toEqual([
      whose,
      whose === 'acme' || whose === 'globex' ? whose : undefined,
    ])
    expect(Object.hasOwn(line, 'tenant')).toBe(whose === 'acme' || whose === 'globex')
  }
}

test('each line of pino has the tenant of the code that logs', async () => {
  const out = new Lines()
  const log = pino({ mixin: tenantMixin(tenancy) }, out)
  await logAll((fields, message) => log.info(fields, message))
  expectEachItsOwn(out.lines, 'msg')
})

test('pino writes into what it is given, so that is new each time', () => {
  const mixin = tenantMixin(tenancy)
  tenancy.run('acme', () => {
    Object.assign(mixin(), { secret: 1 })
    expect(mixin()).toEqual({ tenant: 'acme' })
  })
  Object.assign(mixin(), { secret: 1 })
  expect(mixin()).toEqual({})
})

test('each line of winston has it by the recipe', async () => {
  const out = new Lines()
  const tenantOf = tenantMixin(tenancy)
  const log = createLogger({
    format: format.combine(format((info) => Object.assign(info, tenantOf()))(), format.json()),
    transports: [new transports.Stream({ stream: out })],
  })
  await logAll((fields, message) => void log.info(message, fields))
  expectEachItsOwn(out.lines, 'message')
})
