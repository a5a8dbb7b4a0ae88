import { ON_LOCAL, ON_POSTGRES, ON_ROLES, ON_SILENT_POSTGRES, ON_SLONIK } from './mutant'
import type { Mutant } from './mutant'

/** Bugs of the PostgreSQL pool, and of slonik's on top of it. */
export const POSTGRES_MUTANTS: readonly Mutant[] = [
  {
    name: 'reads the tenant where the driver calls back',
    changes: [
      {
        file: 'postgres/pool.ts',
        find: 'use(undefined, { client, lease, release })',
        replace:
          'const here = this.#scope()\n' +
          '      const wanted = here === undefined ? lease.wanted : this.#paths.of(here)\n' +
          '      use(undefined, { client, lease: { ...lease, wanted }, release })',
      },
      {
        file: 'postgres/pool.ts',
        find: 'outsideTenants(() => super.newClient(pendingItem))',
        replace: 'super.newClient(pendingItem)',
      },
    ],
    ...ON_POSTGRES,
    findings: ['foreign row', 'foreign write'],
  },
  {
    name: 'believes its path after a release, and looks at no schema',
    changes: [
      {
        file: 'postgres/path-state.ts',
        find: 'return stateOf(reports, initial, undefined, pending, status)',
        replace: 'return state',
      },
      {
        file: 'postgres/path-state.ts',
        find: "check: isSeen && (set || state.reports) ? 'relied' : 'due'",
        replace: "check: isSeen ? 'relied' : 'none'",
      },
    ],
    ...ON_SILENT_POSTGRES,
    findings: ['foreign row', 'foreign write'],
  },
  {
    name: 'believes its path after any statement of the user',
    changes: [
      {
        file: 'postgres/path-state.ts',
        find: "endsTransaction || effect !== 'none'",
        replace: 'endsTransaction',
      },
    ],
    ...ON_SILENT_POSTGRES,
    findings: ['foreign row', 'foreign write'],
  },
  {
    name: 'does not set the path where the connection served a tenant before',
    changes: [
      {
        file: 'postgres/path-state.ts',
        find: 'const set = state.path !== resolvePath(state, wanted)',
        replace: 'const set = state.path === undefined || state.path === state.initial',
      },
    ],
    ...ON_POSTGRES,
    // What the server reports, and the look at the schema, are nets below it.
    findings: ['foreign row', 'foreign write', 'unexpected failure'],
  },
  {
    name: 'clears no session',
    changes: [
      {
        file: 'postgres/hygiene.ts',
        find: "return this.#level === 'strict' || this.#isDirty",
        replace: 'return false',
      },
    ],
    ...ON_POSTGRES,
    findings: ['foreign state', 'foreign row', 'unexpected failure'],
  },
  {
    name: "calls back in the driver's context",
    changes: [
      {
        file: 'tenant/context.ts',
        find: 'return resource.runInAsyncScope(work, this, ...args)',
        replace: 'return work.apply(this, args)',
      },
    ],
    ...ON_POSTGRES,
    findings: ['foreign context', 'foreign row', 'foreign write'],
  },
  {
    name: 'lets a client work on after its release',
    changes: [
      {
        file: 'postgres/checkout.ts',
        find: 'return lease.isActive ? mismatchOf(lease, scope) : releasedError(lease)',
        replace: 'return undefined',
      },
    ],
    ...ON_POSTGRES,
    findings: ['unexpected failure', 'foreign write', 'unwanted write'],
  },
  {
    name: 'gives a connection on in an open transaction',
    changes: [
      {
        file: 'postgres/when-quiet.ts',
        find: "if (status === 'I' || status === null) return undefined",
        replace: 'if (status !== undefined) return undefined',
      },
      {
        file: 'postgres/connection-scope.ts',
        find: "if (this.#path.status !== 'I' && this.session.changesTenant(key)) {",
        replace: "if (this.#path.status !== 'I' && key === '' && this.session.changesTenant(key)) {",
      },
    ],
    ...ON_POSTGRES,
    findings: ['foreign write', 'lost write', 'unwanted write', 'unexpected failure', 'foreign row'],
  },
  {
    name: 'takes the answer to its switch for the answer to the query',
    changes: [
      {
        file: 'postgres/switch-replies.ts',
        find: "if (this.#executes > 0) return 'swallow'\n    this.#isDone = !this.#ownSync\n",
        replace: 'this.#isDone = true\n',
      },
    ],
    ...ON_POSTGRES,
    findings: ['unexpected failure', 'unanswered', 'foreign row', 'lost write'],
  },
  {
    name: 'sets the path for a whole session behind a pooler of transactions, and believes it',
    changes: [
      {
        file: 'postgres/local-switch.ts',
        find: "set_config('search_path', $2, true)",
        replace: "set_config('search_path', $2, false)",
      },
      {
        file: 'postgres/path-state.ts',
        find: "return event.type === 'ready' ? afterEvent(state, event) : state",
        replace: 'return afterEvent(state, event)',
      },
    ],
    ...ON_LOCAL,
    findings: ['foreign row', 'foreign write'],
  },
  {
    name: 'lets the texts of a tenant take the role of another one',
    changes: [
      {
        file: 'postgres/takes-role.ts',
        find: 'if (!takesRole(text)) return undefined',
        replace: 'if (text !== "") return undefined',
      },
    ],
    ...ON_ROLES,
    findings: ['unexpected failure'],
  },
  {
    name: 'slonik: takes the loan of whoever made the connection free',
    changes: [
      {
        file: 'slonik/tenant-connection.ts',
        find: 'if (this.#lease === lease) return lease\n',
        replace: 'if (this.#lease !== undefined) return this.#lease\n',
      },
      {
        file: 'slonik/tenant-connection.ts',
        find: '    this.#lease = undefined\n    this.#client.endLease()',
        replace: '    this.#client.endLease()',
      },
      {
        file: 'slonik/tenant-connection.ts',
        find: 'for (const lease of [this.#lease, ...others]) if (lease !== undefined) lease.isActive = false',
        replace: 'void others',
      },
    ],
    ...ON_SLONIK,
    findings: ['foreign row', 'foreign write'],
  },
]
