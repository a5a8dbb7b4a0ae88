import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** What the process with the instrumentation is to do. */
export interface SpansTask {
  readonly engine: 'postgres' | 'mysql'
  readonly url: string
  readonly prefix: string
  /** With a processor that reads the tenant of the running context, in place of ours. */
  readonly isNaive?: boolean
}

/** A span, as far as tests look at it. */
export interface ToldSpan {
  readonly name: string
  readonly kind: string
  /** Of a query, or of a request's URL. */
  readonly text: string
  readonly tenant?: string | undefined
}

const ROOT = join(__dirname, '../../..')

/** Runs the work of two tenants at once, and tells all spans of it. */
export async function spansOf(task: SpansTask): Promise<ToldSpan[]> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [join(ROOT, 'node_modules/tsx/dist/cli.mjs'), join(__dirname, 'spans-process.ts')],
    { cwd: ROOT, env: { ...process.env, SPANS_TASK: JSON.stringify(task) }, maxBuffer: 2 ** 24 },
  )
  return JSON.parse(stdout) as ToldSpan[]
}
