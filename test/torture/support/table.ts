import Table from 'cli-table3'
import type { Tally } from './torture'

const HEAD = [
  '',
  'requests',
  'statements',
  'rows seen',
  'writes',
  'acknowledged',
  'disturbed',
  'findings',
  'seconds',
]

/** The figures of each rig that did something, and their sums. */
export function drawTallies(tallies: readonly Tally[]): string {
  const table = new Table({ head: HEAD, style: { head: [], border: [] }, colAligns: ['left', ...RIGHT] })
  const done = tallies.filter(({ requests }) => requests > 0)
  for (const { rig, ...sums } of done) table.push([`${rig.engine} ${rig.hygiene}`, ...cellsOf(sums)])
  if (done.length > 1) table.push(['all', ...cellsOf(sumOf(done))])
  return table.toString()
}

type Sums = Omit<Tally, 'rig'>

const RIGHT = Array.from({ length: HEAD.length - 1 }, () => 'right' as const)

function cellsOf(sums: Sums): string[] {
  const { requests, statements, rowsSeen, writes, acknowledged, disturbed, findings, seconds } = sums
  return [requests, statements, rowsSeen, writes, acknowledged, disturbed, findings, Math.round(seconds)].map(
    (number) => number.toLocaleString('en'),
  )
}

function sumOf(tallies: readonly Tally[]): Sums {
  const sum = (key: keyof Sums): number => tallies.reduce((total, tally) => total + tally[key], 0)
  return {
    requests: sum('requests'),
    statements: sum('statements'),
    rowsSeen: sum('rowsSeen'),
    writes: sum('writes'),
    acknowledged: sum('acknowledged'),
    disturbed: sum('disturbed'),
    findings: sum('findings'),
    seconds: sum('seconds'),
  }
}
