import type { MigrationEvent, MigrationFailure, StopReason } from '../fleet/events'
import type { MigrationFailedError } from '../errors'
import { count } from '../doctor/finding'
import type { Workplace } from './command'
import { fleetBar } from './fleet-bar'
import { describeError, FEW, shortList } from './print'

/** What became of a run over tenants. */
export interface FleetSum {
  readonly direction: 'up' | 'down'
  readonly done: number
  readonly idle: number
  readonly failures: readonly MigrationFailure[]
  readonly notRun: number
  readonly stopped: StopReason | undefined
  /** The command that goes on. */
  readonly resume: string
}

/** Shows a run over tenants while it goes on, and what became of it. */
export interface FleetOutput {
  onEvent(event: MigrationEvent): void
  finish(sum: FleetSum): void
}

/** One line of JSON per event. */
export function jsonOutput({ line }: Workplace): FleetOutput {
  return {
    onEvent(event) {
      line(JSON.stringify('error' in event ? { ...event, error: describeError(event.error) } : event))
    },
    finish(sum) {
      const { done, idle, failures, notRun, stopped, resume } = sum
      const status = isWhole(sum) ? 'ok' : 'error'
      const counts = { done, idle, failed: failures.length, notRun, stopped }
      line(JSON.stringify({ event: 'summary', status, ...counts, ...(status === 'ok' ? {} : { resume }) }))
    },
  }
}

/** Sentences, and a bar where somebody watches. `isVerbose`: a line for each tenant, also of many. */
export function plainOutput(
  { line, note, printer, hasTerminal, paint }: Workplace,
  isVerbose: boolean,
): FleetOutput {
  const bar = hasTerminal ? fleetBar() : undefined
  const around = (write: () => void): void => (bar === undefined ? write() : bar.around(write))
  let verb = ''
  let each = isVerbose
  return {
    onEvent(event) {
      if (event.event === 'plan') {
        each ||= event.todo <= FEW
        verb = event.direction === 'up' ? 'applied' : 'reverted'
        for (const sentence of planLines(event)) note(sentence)
        bar?.start(event.todo)
      } else if (event.event === 'rehearsed') {
        around(() => note(`rehearsed ${event.migrations} in a scratch schema (${event.ms} ms)`))
      } else if (event.event === 'done') {
        bar?.done()
        if (each)
          around(() =>
            line(
              `${event.tenant}: ${event.versions.length === 0 ? 'nothing to do' : `${verb} ${event.versions.join(', ')}`}`,
            ),
          )
      } else if (event.event === 'retry') bar?.retried()
      else if (event.event === 'failed') {
        bar?.failed()
        around(() => printer.error(event.error))
      } else around(() => note(STOPPED[event.reason]))
    },
    finish(sum) {
      bar?.stop()
      const { direction, done, idle, failures, notRun, resume } = sum
      if (failures.length > 0) printer.table(FAILURE_HEAD, failures.map(cellsOf), failures)
      const verb = direction === 'up' ? 'migrated' : 'rolled back'
      const rest = notRun > 0 ? `, ${notRun} not run` : ''
      const failed = `${failures.length} failed`
      line(
        `${isWhole(sum) ? paint.good(`${done} ${verb}`) : `${done} ${verb}`}, ${idle} with nothing to do, ` +
          (failures.length > 0 ? paint.bad(failed) : failed) +
          rest,
      )
      if (!isWhole(sum)) note(`To go on, say it again: ${resume}`)
    },
  }
}

const STOPPED: Readonly<Record<StopReason, string>> = {
  canary: 'stopped: the first tenant failed, so no other was touched',
  failures: 'stopped: too many tenants failed (--max-failures)',
  aborted: 'interrupted: tenants in hand are finished',
}

function planLines({ tenants, todo, direction, groups }: MigrationEvent & { event: 'plan' }): string[] {
  const verb = direction === 'up' ? 'to migrate' : 'to roll back'
  const first = `${count(tenants, 'tenant')}: ${todo} ${verb}, ${tenants - todo} with nothing to do`
  const rest = groups.map(
    ({ tenants: count, from, migrations }) =>
      `  ${count} at ${from ?? 'no version'}: ${shortList(migrations, 3)}`,
  )
  return [first, ...rest]
}

function isWhole({ failures, notRun }: FleetSum): boolean {
  return failures.length === 0 && notRun === 0
}

const FAILURE_HEAD = ['tenant', 'migration', 'statement', 'line', 'code', 'kept']

/** Its place in a row, once more: what was printed as it happened is far above. */
function cellsOf({ tenant, migration, error, versions }: MigrationFailure): string[] {
  const { statement, line, code, cause } = error as MigrationFailedError
  const own = (cause as { code?: string } | undefined)?.code
  const cells = [migration, statement, line, own ?? code, versions.join(', ')]
  return [tenant, ...cells.map((cell) => (cell === undefined || cell === '' ? '-' : String(cell)))]
}
