import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { transformSync } from 'esbuild'
import type { Change } from '../../torture/support/mutant'
import type { ChaosMigration } from './release'

const PROJECT = join(__dirname, '../../..')

/** A folder with the command line, compiled, a configuration and migrations, and room for the server's data. */
export class Workshop {
  readonly path: string
  /** Of the server. */
  readonly dataDir: string
  /** `dist/cli/main.js` */
  readonly program: string

  private constructor(path: string) {
    this.path = path
    this.dataDir = join(path, 'data')
    this.program = join(path, 'dist/cli/main.js')
  }

  /** Compiles the source as it is now, with some changes. */
  static open(config: object, changes: readonly Change[]): Workshop {
    const path = mkdtempSync(join(tmpdir(), 'rowhouse-chaos-'))
    try {
      // The server runs as another user.
      chmodSync(path, 0o755)
      symlinkSync(join(PROJECT, 'node_modules'), join(path, 'node_modules'))
      copyFileSync(join(PROJECT, 'package.json'), join(path, 'package.json'))
      mkdirSync(join(path, 'tenant-migrations'))
      writeFileSync(join(path, 'rowhouse.config.json'), JSON.stringify(config))
      compile(join(path, 'dist'), changes)
      return new Workshop(path)
    } catch (error) {
      rmSync(path, { recursive: true, force: true })
      throw error
    }
  }

  /** Writes files of migrations. */
  add(migrations: readonly ChaosMigration[]): void {
    for (const { file, text } of migrations) writeFileSync(join(this.path, 'tenant-migrations', file), text)
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
  }
}

function compile(outdir: string, changes: readonly Change[]): void {
  const src = join(PROJECT, 'src')
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
  for (const file of files) {
    const text = changes
      .filter((change) => change.file === file)
      .reduce(
        (before, { find, replace }) => before.split(find).join(replace),
        readFileSync(join(src, file), 'utf8'),
      )
    const { code } = transformSync(text, { loader: 'ts', format: 'cjs', platform: 'node', target: 'node20' })
    const path = join(outdir, file.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, code)
  }
}
