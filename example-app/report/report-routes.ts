import { Router } from 'express'
import { answer } from '../http/answer'
import { countAll } from './fleet-report'
import type { FleetReportParts } from './fleet-report'
import { fleetReportPage } from './report-page'

/** `/report`. There is no log-in here; an application would let its operators in, and nobody else. */
export function reportRoutes(parts: FleetReportParts): Router {
  return Router().get('/', async (req, res) => {
    const report = await countAll(parts)
    answer(req, res, { page: () => fleetReportPage(report), json: { report } })
  })
}
