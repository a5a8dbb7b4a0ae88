import type { Paint } from './paint'

/** What one types most, for each command, and for none. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  rowhouse: [
    'rowhouse init',
    'rowhouse new create_widgets',
    'rowhouse create acme',
    'rowhouse migrate --all',
    'rowhouse status',
  ],
  init: ['rowhouse init', 'rowhouse init --engine mysql', 'rowhouse init --dry-run'],
  new: ['rowhouse new create_widgets', 'rowhouse new AddColorToWidgets --sql'],
  create: ['rowhouse create acme globex', 'rowhouse create acme --if-exists error'],
  migrate: [
    'rowhouse migrate acme',
    'rowhouse migrate --all',
    'rowhouse migrate --all --dry-run --sql',
    'rowhouse migrate --tenants-file first.txt --canary 3',
  ],
  rollback: [
    'rowhouse rollback acme',
    'rowhouse rollback --tenant acme --to 20160711125401',
    'rowhouse rollback --all --steps 2 --yes',
  ],
  status: ['rowhouse status', 'rowhouse status acme', 'rowhouse status --check'],
  list: ['rowhouse list', 'rowhouse --json list', 'rowhouse list --dropped'],
  adopt: ['rowhouse adopt acme'],
  repair: ['rowhouse repair acme --retry', 'rowhouse repair acme --mark applied'],
  mark: [
    'rowhouse mark acme 20160711125401 --applied',
    'rowhouse mark --all 20160711125401 --reverted --yes',
  ],
  lint: ['rowhouse lint', 'rowhouse lint --strict'],
  rehearse: ['rowhouse rehearse'],
  drift: ['rowhouse drift', 'rowhouse drift acme globex'],
  doctor: ['rowhouse doctor', 'rowhouse --json doctor'],
  drop: ['rowhouse drop acme', 'rowhouse drop acme --keep 30d', 'rowhouse drop acme --confirm acme'],
  undrop: ['rowhouse undrop acme'],
  purge: ['rowhouse purge --expired', 'rowhouse purge acme --yes'],
  rename: ['rowhouse rename acme acme-inc'],
  exec: [
    'rowhouse exec acme -- scripts/recount.ts',
    'rowhouse exec --all --concurrency 4 -- scripts/recount.ts',
  ],
  sql: ['rowhouse sql --all "select count(*) from widgets"', 'rowhouse sql acme --write -f fix.sql'],
}

/**
 * The end of a command's help.
 *
 * @param command - `migrate`, or `rowhouse` for all of them
 */
export function examplesOf(command: string, { strong }: Paint): string {
  const lines = EXAMPLES[command] ?? []
  return ['', strong('Examples:'), ...lines.map((line) => `  $ ${line}`)].join('\n')
}
