import { mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { complaints } from '../support/complaints'
import { moduleOf, SNIPPETS } from './support/pages'
import { generatePrisma } from './support/prisma-client'

const ROOT = join(__dirname, '../..')

test('the code of all pages passes the type checker, and what is wrong does not', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rowhouse-types-')))
  try {
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    generatePrisma(folder)
    const modules = new Map(SNIPPETS.map((one) => [join(folder, `${one.name}.ts`), moduleOf(one)]))
    const wrong = join(folder, 'wrong.ts')
    const found = complaints(
      modules.set(
        wrong,
        "import { PrismaClient } from './generated/nowhere'\nexport const it = PrismaClient",
      ),
    )
    expect(found.filter((one) => !one.startsWith(wrong))).toEqual([])
    expect(found).not.toEqual([])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 120_000)
