import { createRequire } from 'node:module'
import * as slonik from 'slonik'
import { createTenantSlonik } from '../../../src/slonik'
import type { Slonik } from '../../slonik/support/version'
import type { TortureArguments } from './arguments'
import { drawTallies } from './table'
import { torture } from './torture'
import { buildYard } from './yard'

const SLONIK: Slonik = {
  name: 'slonik',
  module: slonik,
  createTenantSlonik,
  ...(createRequire(require.resolve('slonik'))('@slonik/pg-driver') as Pick<Slonik, 'createPgDriverFactory'>),
}

/**
 * Builds the towns, does the rounds, and tells of them.
 *
 * @returns the exit code: 0 nothing was found, 1 something was
 * @throws for kinds that none of the rigs has
 */
export async function run(options: TortureArguments, tell: (line: string) => void): Promise<number> {
  const yard = await buildYard(options.engines, options.hygienes, SLONIK)
  try {
    const known = new Set(yard.rigs.flatMap(({ kinds }) => kinds))
    const unknown = options.kinds?.filter((kind) => !known.has(kind)) ?? []
    if (unknown.length > 0) throw new Error(`No rig has these kinds: ${unknown.join(', ')}`)
    tell(`seed ${options.seed}, ${options.ops} requests in rounds of ${options.requests}`)
    const { tallies, findings } = await torture(yard.rigs, options, tell)
    tell(drawTallies(tallies))
    return findings.length > 0 ? 1 : 0
  } finally {
    await yard.clear()
  }
}
