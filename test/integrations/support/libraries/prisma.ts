import { PrismaPg } from '@prisma/adapter-pg'
import { prismaPerTenant } from '../../../../src/prisma/per-tenant'
import type { Library, LibraryCalls } from '../library'
import type { GeneratedClient } from '../prisma-client'

/** For requests that wait for each other. */
const PATIENT = { maxWait: 50_000, timeout: 50_000 }

/** Over a client that is generated later than the library is named. */
export function prismaOnPostgres(generated: () => GeneratedClient): Library {
  return {
    name: 'prisma',
    engine: 'postgres',
    open: ({ tenancy }) =>
      callsOf(
        prismaPerTenant(
          tenancy,
          ({ pool, schema }) =>
            new (generated())({ adapter: new PrismaPg(pool, { schema }), transactionOptions: PATIENT }),
        ),
      ),
    /** "One client for all, and the pool does the rest": but its SQL names one schema. */
    openNaive: ({ tenancy }) => {
      let client: any
      return callsOf(
        () =>
          (client ??= new (generated())({
            transactionOptions: PATIENT,
            adapter: new PrismaPg(tenancy.pool, { schema: tenancy.require().schema }),
          })),
      )
    },
  }
}

function callsOf(prisma: () => any): LibraryCalls {
  const names = async (on: any) =>
    ((await on.widget.findMany({ orderBy: { id: 'asc' } })) as { name: string }[]).map(({ name }) => name)
  const insert = (on: any, name: string) => on.widget.create({ data: { name } }) as Promise<unknown>
  return {
    names: async () => names(prisma()),
    insert: async (name) => insert(prisma(), name),
    nameOf: async (id) => (await prisma().widget.findUnique({ where: { id } }))?.name,
    transaction: async (work) =>
      prisma().$transaction((tx: any) =>
        work({ names: () => names(tx), insert: (name) => insert(tx, name) }),
      ),
    fail: async () => prisma().$queryRaw`select * from nowhere`,
    close: async () => {},
  }
}
