import { Option } from 'commander'
import type { Command } from 'commander'
import { resolve } from 'node:path'
import { EXIT } from '../command'
import type { Desk, RunAtDesk } from '../command'
import { nextSteps } from '../init/next-steps'
import { ENGINE_NAMES, readProject } from '../init/project'
import type { EngineName } from '../init/project'
import { setUp } from '../init/set-up'
import type { SetUp } from '../init/set-up'

interface Flags {
  readonly engine?: EngineName
  readonly dryRun?: boolean
}

/** `rowhouse init` */
export function addInit(program: Command, run: RunAtDesk): void {
  program
    .command('init')
    .description('set up an existing project: tenancy, configuration, first migration, npm scripts')
    .argument('[folder]', 'where its package.json is', '.')
    .addOption(new Option('--engine <name>', 'if it has both drivers, or none').choices(ENGINE_NAMES))
    .option('--dry-run', 'only tell what would be written')
    .action(async (folder: string, flags: Flags) => {
      await run((desk) => init(desk, folder, flags))
    })
}

async function init(
  { line, isJson, paint }: Desk,
  folder: string,
  { engine, dryRun = false }: Flags,
): Promise<number> {
  const project = readProject(resolve(folder), engine)
  const done = await setUp(project, dryRun)
  const steps = nextSteps(project, done)
  if (isJson) {
    line(JSON.stringify({ status: 'ok', engine: project.engine, dryRun, ...done, next: steps }))
    return EXIT.ok
  }
  for (const text of told(done, dryRun)) line(text)
  line(['', paint.strong('Next:'), ...steps].join('\n'))
  return EXIT.ok
}

function told({ created, scripts, kept }: SetUp, isDryRun: boolean): string[] {
  const [create, add, keep] = isDryRun
    ? ['would create', 'would add', 'would keep']
    : ['created', 'added', 'kept']
  return [
    ...created.map((path) => `${create} ${path}`),
    ...scripts.map((name) => `${add} npm script ${name}`),
    ...kept.map((path) => `${keep} ${path}`),
  ]
}
