import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

const root = join(__dirname, '../..')
const SOURCES = [
  ...['src', 'tsconfig.json', 'tsconfig.build.json'],
  ...['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md'],
]

/**
 * Builds the package and packs it, as a release does, but beside the working copy, which other tests use meanwhile.
 *
 * @param folder - an empty one; the tarball is in it afterwards, and nothing else
 * @returns the tarball, and the paths in it
 */
export function packRowhouse(folder: string): {
  readonly tarball: string
  readonly paths: readonly string[]
} {
  const staged = join(folder, 'staged')
  mkdirSync(staged, { recursive: true })
  // Compiled where it is packed: its source maps lead a debugger to the same paths as those of a release.
  for (const name of SOURCES) cpSync(join(root, name), join(staged, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(staged, 'node_modules'))
  execFileSync('npm', ['run', '--silent', 'build', '--', '--noCheck'], { cwd: staged })
  const told = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: staged,
    encoding: 'utf8',
  })
  const [packed] = JSON.parse(told) as { filename: string; files: { path: string }[] }[]
  rmSync(staged, { recursive: true })
  return { tarball: join(folder, packed!.filename), paths: packed!.files.map(({ path }) => path) }
}

/**
 * Makes the `node_modules` of a project: a link to each package of this repository, and the packed one among them.
 * A folder of its own with links, since what a link leads to is not among the project's own files.
 */
export function linkModules(project: string, tarball: string): void {
  const [own, modules] = [join(root, 'node_modules'), join(project, 'node_modules')]
  mkdirSync(join(modules, 'rowhouse'), { recursive: true })
  for (const name of readdirSync(own)) {
    if (name !== 'rowhouse' && name !== '.package-lock.json')
      symlinkSync(join(own, name), join(modules, name))
  }
  execFileSync('tar', ['-xzf', tarball, '--strip-components=1', '-C', join(modules, 'rowhouse')])
}
