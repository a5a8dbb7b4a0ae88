import { execFileSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { moduleOf, SNIPPETS } from './support/pages'
import { generatePrisma } from './support/prisma-client'

const ROOT = join(__dirname, '../..')

test('the code of all pages passes the type checker', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rowhouse-types-')))
  try {
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    generatePrisma(folder)
    for (const snippet of SNIPPETS) writeFileSync(join(folder, `${snippet.name}.ts`), moduleOf(snippet))
    const { compilerOptions } = {
      compilerOptions: { types: ['node'], typeRoots: [join(ROOT, 'node_modules/@types')] },
    }
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ extends: join(ROOT, 'tsconfig.json'), compilerOptions, include: ['*.ts'] }),
    )
    const check = () =>
      execFileSync(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder], {
        encoding: 'utf8',
        stdio: 'pipe',
      })
    expect(outputOf(check)).toBe('')
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 120_000)

/** What the type checker says, be it content or not. */
function outputOf(check: () => string): string {
  try {
    return check()
  } catch (error) {
    return (error as { stdout: string }).stdout
  }
}
