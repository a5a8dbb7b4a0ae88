import type { Command } from 'commander'
import { readFile } from 'node:fs/promises'
import { ConfigError } from '../../errors'
import type { FleetReader, ReadTenant, SqlAnswer } from '../../fleet-reader'
import { TenantWorkError } from '../../run-errors'
import { EXIT } from '../command'
import type { Run, Workplace } from '../command'
import { confirmed } from '../confirm'
import { describeError } from '../print'
import { addTargetFlags, findTargets } from '../targets'
import type { TargetFlags } from '../targets'
import { readThrown } from '../../thrown'

interface Flags extends TargetFlags {
  readonly file?: string
  readonly write?: boolean
  readonly yes?: boolean
}

/** `rowhouse sql --all "select count(*) from widgets"` */
export function addSql(program: Command, run: Run): void {
  addTargetFlags(
    program
      .command('sql')
      .description('run SQL in each tenant, one transaction each, with the rights of the application')
      .argument('[tenant...]')
      .usage('[options] [tenant...] <sql>'),
  )
    .option('-f, --file <file>', 'take the SQL from a file')
    .option('--write', 'it may write; asks')
    .option('-y, --yes', 'do not ask')
    .action(async (positional: string[], flags: Flags) => {
      await run((workplace) => runSql(workplace, positional, flags))
    })
}

async function runSql(workplace: Workplace, positional: readonly string[], flags: Flags): Promise<number> {
  const { tenancy } = workplace
  const text = flags.file === undefined ? positional.at(-1) : await readSql(flags.file)
  const named = flags.file === undefined ? positional.slice(0, -1) : positional
  if (text === undefined || text.trim() === '')
    throw new ConfigError(['Say the SQL, in quotes and last, or name its file: rowhouse sql acme "select 1"'])
  const targets = await findTargets(tenancy, named, flags)
  const write = flags.write === true
  if (write) {
    const whom =
      flags.all === true ? `every tenant (${targets.length})` : named.concat(flags.tenant ?? []).join(', ')
    await confirmed(workplace, flags.yes === true, `Run this SQL in ${whom}? It may write.`)
  }
  const reader = await tenancy.openReader()
  try {
    return await inEach(workplace, reader, targets, { text, write })
  } finally {
    await reader.close()
  }
}

async function inEach(
  { printer, isJson, line }: Workplace,
  reader: FleetReader,
  targets: readonly ReadTenant[],
  { text, write }: { readonly text: string; readonly write: boolean },
): Promise<number> {
  const tables = new Tables()
  let failed = 0
  for (const target of targets) {
    const { id: tenant } = target
    try {
      for (const answer of await reader.run(target, text, { write })) {
        if (!isJson) tables.add(tenant, answer)
        else if (answer.columns.length === 0) line(JSON.stringify({ tenant, affected: answer.affected ?? 0 }))
        else for (const row of answer.rows) line(JSON.stringify({ tenant, row }))
      }
    } catch (cause) {
      failed += 1
      const { message: reason } = readThrown(cause)
      const error = new TenantWorkError(`The SQL failed in tenant "${tenant}": ${reason}.`, { tenant, cause })
      printer.error(error)
      if (isJson) line(JSON.stringify({ status: 'error', tenant, error: describeError(error) }))
    }
  }
  for (const { head, rows } of tables.all) printer.table(head, rows, [])
  return failed > 0 ? EXIT.failed : EXIT.ok
}

async function readSql(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new ConfigError([`${file} can't be read: ${(cause as Error).message}`], { cause })
  }
}

interface PrintedTable {
  readonly head: readonly string[]
  readonly rows: string[][]
}

/** The answers of many tenants, those with the same columns in one table. */
class Tables {
  readonly #byHead = new Map<string, PrintedTable>()

  get all(): readonly PrintedTable[] {
    return [...this.#byHead.values()]
  }

  add(tenant: string, { columns, rows, affected }: SqlAnswer): void {
    const head = ['tenant', ...(columns.length > 0 ? columns : ['rows affected'])]
    const key = JSON.stringify(head)
    const table = this.#byHead.get(key) ?? { head, rows: [] }
    this.#byHead.set(key, table)
    if (columns.length === 0) table.rows.push([tenant, String(affected ?? 0)])
    for (const row of rows) table.rows.push([tenant, ...columns.map((column) => cellOf(row[column]))])
  }
}

function cellOf(value: unknown): string {
  if (value === null || value === undefined) return 'NULL'
  if (typeof value === 'string') return value
  return value instanceof Date ? value.toISOString() : JSON.stringify(value)
}
