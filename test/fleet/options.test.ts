import { parseControl } from '../../src/fleet/options'
import type { MigrateAllOptions } from '../../src/fleet/options'

describe('how a run over a fleet is controlled', () => {
  test('has calm defaults', () => {
    expect(parseControl({})).toMatchObject({
      ...{ concurrency: 4, canary: 1, maxFailures: 10, retries: 6 },
      ...{ lockTimeoutMs: 2000, statementTimeoutMs: 0, rehearse: true },
    })
  })

  test.each<MigrateAllOptions>([
    { concurrency: 0 },
    { concurrency: 1.5 },
    { concurrency: NaN },
    { canary: -1 },
    { maxFailures: 0 },
    { retries: -1 },
    { retries: Infinity },
    { lockTimeoutMs: 0 },
    { statementTimeoutMs: -1 },
  ])('refuses %j', (options) => {
    const [name] = Object.keys(options)
    expect(() => parseControl(options)).toThrow(
      expect.objectContaining({ code: 'ROWHOUSE_CONFIG', message: expect.stringContaining(`\`${name}\``) }),
    )
  })

  test('tells every mistake at once, and takes no end of failures', () => {
    expect(() => parseControl({ canary: -1, retries: -1 })).toThrow(/`canary`.*`retries`/)
    expect(parseControl({ maxFailures: Infinity }).maxFailures).toBe(Infinity)
  })
})
