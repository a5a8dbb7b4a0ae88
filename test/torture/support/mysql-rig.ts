import type { Hygiene } from '../../../src/mysql/hygiene'
import { clearedBy } from '../../isolation/support/kind'
import { stress } from '../../mysql/support/stress'
import { scopedSubject } from '../../mysql/support/stress-subjects'
import type { StressTown } from '../../mysql/support/stress-town'
import { MYSQL_HARD_TORTURE_KINDS, MYSQL_TORTURE_KINDS } from '../../mysql/support/torture-kinds'
import { CuttingProxy } from '../../support/cutting-proxy'
import { leaksOf } from './leaks'
import { countStatements } from './meter'
import { wavesOf } from './rig'
import type { EngineName, Rig } from './rig'

/** The pool of mysql2 on one level of hygiene. */
export function mysqlRig(engine: EngineName, town: StressTown, hygiene: Hygiene): Rig {
  const isHard = town.isolation === 'role'
  const kinds = clearedBy(hygiene, isHard ? MYSQL_HARD_TORTURE_KINDS : MYSQL_TORTURE_KINDS)
  return {
    engine,
    hygiene,
    kinds: kinds.map(({ name }) => name),
    async round(plan) {
      await town.reset()
      const proxy = await CuttingProxy.to(town.server.appUrl)
      const subject = { ...scopedSubject(town, { hygiene, uri: proxy.url }), proxy }
      const wanted = kinds.filter(({ name }) => plan.kinds.includes(name))
      const [{ findings, ...figures }, statements] = await countStatements(proxy.port, () =>
        stress(subject, town, { ...wavesOf(plan), kinds: wanted }),
      )
      return { ...figures, statements, findings: [...findings, ...(await leaksOf(proxy))] }
    },
  }
}
