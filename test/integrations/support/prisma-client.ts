import { execFileSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const ROOT = join(__dirname, '../../..')
const SCHEMA = `
generator client {
  provider = "prisma-client-js"
  output   = "./generated"
}
datasource db {
  provider = "postgresql"
}
model Widget {
  id   Int    @id @default(autoincrement())
  name String
  @@map("widgets")
}
`

/** What is used of the generated class. */
export type GeneratedClient = new (options: {
  adapter: unknown
  log?: unknown
  transactionOptions?: unknown
}) => any

/** A Prisma client, generated into a temporary folder. */
export interface GeneratedPrisma {
  readonly PrismaClient: GeneratedClient
  remove(): void
}

/** Generates a client into a temporary folder, and loads it. */
export async function openPrismaClient(): Promise<GeneratedPrisma> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'rowhouse-prisma-')))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  generatePrisma(folder)
  const { PrismaClient } = (await import(join(folder, 'generated'))) as { PrismaClient: GeneratedClient }
  return {
    PrismaClient,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Generates a client for the table of the tests, without the engine for schemas, which would be downloaded. */
export function generatePrisma(folder: string): void {
  writeFileSync(join(folder, 'schema.prisma'), SCHEMA)
  execFileSync(process.execPath, [join(ROOT, 'node_modules/prisma/build/index.js'), 'generate'], {
    cwd: folder,
    stdio: 'pipe',
    env: {
      ...process.env,
      PRISMA_SCHEMA_ENGINE_BINARY: '/bin/true',
      CHECKPOINT_DISABLE: '1',
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
    },
  })
}
