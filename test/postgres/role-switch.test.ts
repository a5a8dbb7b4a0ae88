import { DEFAULT_PATH, DEFAULT_PATH_WITHOUT_ROLE, tenantPath } from '../../src/postgres/search-path'
import { record, writeSwitch } from '../../src/postgres/switch'
import type { SwitchParts } from '../../src/postgres/switch'

const tenant = { id: 'a', schema: 'tenant_a' } as never
const PARTS: readonly SwitchParts[] = [
  { set: true, check: undefined, backendPid: 7 },
  { set: true, check: 'plain', backendPid: 7 },
  { set: true, check: 'telling', backendPid: 7 },
  { set: false, check: 'plain', backendPid: 7 },
]

/** The statements of a switch, and how many answers it said to expect. */
function sent(path: ReturnType<typeof tenantPath>, parts: SwitchParts): [string[], number] {
  let answers = 0
  const bytes = record((recorder) => (answers = writeSwitch(recorder, path, parts)))
  return [bytes.toString('latin1').match(/(?:SET|select) [^\0]+/g) ?? [], answers]
}

test('without roles nothing of a role is sent', () => {
  for (const path of [tenantPath(tenant, []), DEFAULT_PATH])
    for (const parts of PARTS) {
      const [statements, answers] = sent(path, parts)
      expect(statements.join()).not.toMatch(/role|current_user/i)
      expect(answers).toBe(statements.length)
    }
  expect(sent(tenantPath(tenant, []), PARTS[1]!)[0]).toEqual([
    'SET search_path TO "tenant_a", "pg_temp"',
    'select 1 / (current_schema() is not distinct from $1)::int',
  ])
})

test('with roles each switch takes the role first, and each check looks at it', () => {
  const path = tenantPath(tenant, [], true)
  for (const parts of PARTS) {
    const [statements, answers] = sent(path, parts)
    expect(answers).toBe(statements.length)
    if (parts.set) expect(statements[0]).toMatch(/^SET ROLE "tenant_a"$|set_config\('role', \$1, false\)/)
    if (parts.check !== undefined) expect(statements.at(-1)).toContain('and current_user = $1)')
  }
  expect(sent(DEFAULT_PATH_WITHOUT_ROLE, PARTS[0]!)[0]).toEqual([
    'SET ROLE NONE',
    'SET search_path TO DEFAULT',
  ])
})
