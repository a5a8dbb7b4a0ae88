import { execFileSync } from 'node:child_process'

/** Who runs the server; empty: whoever runs this process. */
export interface ServerUser {
  readonly uid?: number
  readonly gid?: number
}

/**
 * A database server does not run as root, so root lends it to an unprivileged user.
 *
 * @param name - the server's own user, taken where the system has it; `nobody` otherwise
 * @throws when this is root and there is neither
 */
export function findServerUser(name: 'postgres' | 'mysql' | 'redis'): ServerUser {
  if (process.getuid?.() !== 0) return {}
  for (const candidate of [name, 'nobody']) {
    const uid = readId('-u', candidate)
    const gid = readId('-g', candidate)
    if (uid !== undefined && gid !== undefined) return { uid, gid }
  }
  throw new Error(
    `A database server does not run as root, and there is no user "${name}" or "nobody" to run it as.`,
  )
}

function readId(flag: '-u' | '-g', name: string): number | undefined {
  try {
    return Number(execFileSync('id', [flag, name], { stdio: ['ignore', 'pipe', 'ignore'] }))
  } catch {
    return undefined
  }
}
