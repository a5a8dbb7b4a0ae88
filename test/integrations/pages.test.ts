import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ENGINE_SERVERS } from '../support/engines'
import { inTown } from './support/describe-library'
import { moduleOf, SNIPPETS } from './support/pages'
import { generatePrisma } from './support/prisma-client'

const ROOT = join(__dirname, '../..')
let folder: string

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'rowhouse-pages-')))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  generatePrisma(folder)
  for (const snippet of SNIPPETS) writeFileSync(join(folder, `${snippet.name}.ts`), moduleOf(snippet))
}, 120_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(SNIPPETS)('the code of the page runs: $name', async ({ name, engine }) => {
  const server = ENGINE_SERVERS.find((one) => one.engine === engine)!
  await inTown(server, name, async (town) => {
    const { main } = (await import(join(folder, `${name}.ts`))) as {
      main: (tenancy: unknown) => Promise<void>
    }
    await main(town.tenancy)
    expect(await town.kept('acme')).toContain('bolt')
    expect(await town.kept('globex')).toEqual(['globex seed'])
  })
})
