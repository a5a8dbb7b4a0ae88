import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { medianRatio } from './alternate'
import type { Contest } from './alternate'

const root = join(__dirname, '..')

/** Starts Node.js, loads modules, and ends. */
function load(...modules: readonly string[]): () => Promise<void> {
  const code = modules.map((name) => `require(${JSON.stringify(name)})`).join(';')
  return async () => void execFileSync(process.execPath, ['-e', code], { cwd: root })
}

const CONTESTS: readonly (Contest & { readonly against: string })[] = [
  { name: 'rowhouse', against: 'nothing', ours: load('./dist'), theirs: load() },
  {
    name: 'rowhouse and rowhouse/postgres',
    against: 'pg',
    ours: load('./dist', './dist/postgres'),
    theirs: load('pg'),
  },
  {
    name: 'rowhouse and rowhouse/mysql',
    against: 'mysql2',
    ours: load('./dist', './dist/mysql'),
    theirs: load('mysql2'),
  },
]

/** Prints how long a process takes to start with ours, beside the same with what it stands on. */
export async function benchStartup(rounds: number): Promise<void> {
  console.log('\n| a process that loads | ms | beside one that loads | ms |\n|---|---|---|---|')
  for (const contest of CONTESTS) {
    const { oursMs, theirsMs } = await medianRatio(contest, contest.against, rounds)
    const [ours, theirs] = [oursMs, theirsMs].map((ms) => ms.toFixed(0))
    console.log(`| ${contest.name} | ${ours} | ${contest.against} | ${theirs} |`)
  }
}
