import type { Command } from 'commander'
import { Option } from 'commander'
import { createJiti } from 'jiti'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { ConfigError } from '../../errors'
import { TenantWorkError } from '../../run-errors'
import { EXIT } from '../command'
import type { Run, Workplace } from '../command'
import type { AnyTenancy } from '../config'
import { parseCount } from '../parse'
import { describeError } from '../print'
import { addTargetFlags, findTargets } from '../targets'
import type { TargetFlags } from '../targets'
import { readThrown } from '../../thrown'

type Script = (about: { readonly tenancy: AnyTenancy; readonly tenant: string }) => unknown

interface Flags extends TargetFlags {
  readonly concurrency: number
}

/** `rowhouse exec --all -- scripts/recount.ts` */
export function addExec(program: Command, run: Run): void {
  addTargetFlags(
    program
      .command('exec')
      .description(
        'call the default export of a script with { tenancy, tenant }, in the context of each tenant',
      )
      .argument('[tenant...]')
      .usage('[options] [tenant...] -- <script>'),
  )
    .addOption(new Option('--concurrency <count>', 'tenants at a time').argParser(parseCount).default(4))
    .action(async (positional: string[], flags: Flags) => {
      await run((workplace) => exec(workplace, positional, flags))
    })
}

async function exec(
  { tenancy, printer, isJson, line }: Workplace,
  positional: readonly string[],
  flags: Flags,
): Promise<number> {
  const file = positional.at(-1)
  if (file === undefined) throw new ConfigError(['Name the script: rowhouse exec acme -- scripts/recount.ts'])
  const script = await loadScript(file)
  const targets = await findTargets(tenancy, positional.slice(0, -1), flags)
  const work = async (tenant: string): Promise<void> => {
    try {
      const result = await script({ tenancy, tenant })
      const told = result === undefined ? '' : `: ${JSON.stringify(result)}`
      printer.result({ status: 'ok', tenant, result }, `${tenant}: done${told}`)
    } catch (cause) {
      const { message: reason } = readThrown(cause)
      const error = new TenantWorkError(`The script failed for tenant "${tenant}": ${reason}.`, {
        tenant,
        cause,
      })
      printer.error(error)
      if (isJson) line(JSON.stringify({ status: 'error', tenant, error: describeError(error) }))
      throw error
    }
  }
  const { ok, failed } = await tenancy.forEachTenant(work, {
    ...{ concurrency: flags.concurrency, onError: 'continue' },
    tenants: targets,
  })
  printer.result(
    { status: failed.length > 0 ? 'error' : 'ok', done: ok, failed: failed.length },
    `${ok} done, ${failed.length} failed`,
  )
  return failed.length > 0 ? EXIT.failed : EXIT.ok
}

async function loadScript(name: string): Promise<Script> {
  const file = resolve(name)
  if (!existsSync(file)) throw new ConfigError([`There is no script at ${name}.`])
  const script: unknown = await createJiti(file).import(file, { default: true })
  if (typeof script === 'function') return script as Script
  throw new ConfigError([
    `${name} must export a function: export default async ({ tenancy, tenant }) => { ... }`,
  ])
}
