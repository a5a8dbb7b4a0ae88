import { answerPage } from './answer'
import { runMessage, runPage } from './pages/run-page'
import { streamRun } from './run-stream'
import type { Visit } from './visit'

/** `/run` */
export async function showRun(visit: Visit): Promise<void> {
  const { desk, req, res, base } = visit
  const token = desk.isReadOnly ? '' : desk.csrf.tokenFor(req, res, base)
  answerPage(visit, runPage({ base, isReadOnly: desk.isReadOnly }, desk.runs.last, token))
}

/** `/run/events`: what happens, as it happens. */
export async function streamEvents({ desk, req, res, query, base }: Visit): Promise<void> {
  const run = desk.runs.last
  if (run === undefined || req.method === 'HEAD') {
    // Tells the browser not to connect again.
    res.writeHead(204).end()
    return
  }
  const shown = Math.max(0, Math.floor(Number(query.get('shown')) || 0))
  streamRun(req, res, run, (from) => runMessage(base, run, from), shown)
}
