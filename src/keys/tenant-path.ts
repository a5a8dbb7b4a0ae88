import { join } from 'node:path'
import { TenantPathError } from '../run-errors'
import type { TenantInput } from '../tenant/tenant-id'
import { anyTenantId } from './tenant-key'

/** Names that Windows takes for devices, in any folder and with any ending. */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[\d\u00b9\u00b2\u00b3])\s*(\.|$)/i

/** What file systems keep of a name: 255 bytes, or as many UTF-16 units. */
const MAX_NAME_BYTES = 255

/** What a name of a file or folder may not be, and what is said of it. The first that holds is told. */
const FAULTS: readonly (readonly [(name: string) => boolean, string])[] = [
  [(name) => name === '', 'is empty, so the path would be absolute or have "//"'],
  [(name) => name === '.' || name === '..', 'leads to another folder'],
  [(name) => /[\0-\x1f\x7f]/.test(name), 'has a NUL or another control character'],
  [(name) => name.includes('\\'), 'has a backslash, which separates folders on Windows'],
  [(name) => name.includes(':'), 'has a colon, which Windows takes for a drive or a stream'],
  [(name) => /[. ]$/.test(name), 'ends with a dot or a blank, which Windows leaves out'],
  [(name) => DEVICE.test(name), 'is a device on Windows'],
  [(name) => /\p{Surrogate}/u.test(name), 'is no Unicode text'],
  [(name) => Buffer.byteLength(name) > MAX_NAME_BYTES, `has more than ${MAX_NAME_BYTES} bytes`],
]

/**
 * A path in the folder of one tenant, and never out of it. Touches no file; links that somebody put into the folder are followed by
 * whoever opens the path.
 *
 * @param root - folder of all tenants, `/srv/uploads`
 * @param tenant - `acme`
 * @param parts - names of folders and files, `'avatars'`, `'1.png'` or `'avatars/1.png'`
 * @returns `/srv/uploads/tenant_acme/avatars/1.png`; no two tenants have one folder, also where upper and lower case are one
 * @throws {@link TenantPathError} for `..`, absolute parts, and names that another system reads differently;
 * {@link TenantIdError}
 */
export function tenantPath(root: string, tenant: TenantInput, ...parts: readonly string[]): string {
  if (typeof root !== 'string' || root === '' || root.includes('\0'))
    throw new TenantPathError('The root of all tenants is a path, such as "/srv/uploads".')
  const id = anyTenantId(tenant)
  const folder = folderOf(id)
  const names = parts.flatMap((part) => namesIn(part, id))
  check(folder, id)
  return join(root, folder, ...names)
}

/** In front, so that an id `con` is no device; the rest is lower case, digits, `-`, `_` and `%`, which are the same everywhere. */
function folderOf(id: string): string {
  return `tenant_${id.replace(/[^a-z0-9_-]+/g, escapeBytes)}`
}

function escapeBytes(text: string): string {
  return [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
}

function namesIn(part: unknown, tenant: string): string[] {
  if (typeof part !== 'string')
    throw new TenantPathError(`A part of a path is a text; got a value of type ${typeof part}.`, { tenant })
  const names = part.split('/')
  for (const name of names) check(name, tenant)
  return names
}

function check(name: string, tenant: string): void {
  const fault = FAULTS.find(([has]) => has(name))
  if (fault === undefined) return
  const shown = JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name)
  throw new TenantPathError(
    `The name ${shown} in a path of tenant "${tenant}" ${fault[1]}. Use a name of your own making, such as a random one, ` +
      'and keep what the user called the file in the database.',
    { tenant },
  )
}
