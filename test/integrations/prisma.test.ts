import { PrismaPg } from '@prisma/adapter-pg'
import { prismaPerTenant } from '../../src/prisma/per-tenant'
import type { EngineTown } from '../engines/support/engine-town'
import { describeLibrary } from './support/describe-library'
import { prismaOnPostgres } from './support/libraries/prisma'
import { openPrismaClient } from './support/prisma-client'
import type { GeneratedPrisma } from './support/prisma-client'

let generated: GeneratedPrisma
beforeAll(async () => {
  generated = await openPrismaClient()
}, 120_000)
afterAll(() => generated.remove())

const TENANTS = ['acme', 'globex']
const mismatch = { code: 'ROWHOUSE_TENANT_MISMATCH' }

/** The clients that were opened, and the function that gives them. */
function openPrisma({ tenancy }: EngineTown, maxClients = 100) {
  const opened: string[] = []
  const prisma = prismaPerTenant(
    tenancy,
    ({ pool, schema }) => {
      opened.push(schema)
      return new generated.PrismaClient({ adapter: new PrismaPg(pool, { schema }) })
    },
    { maxClients },
  )
  return { opened, prisma }
}

describeLibrary(
  prismaOnPostgres(() => generated.PrismaClient),
  (town) => {
    test('one client for all reads the schema that it was made with, and batches findUnique across tenants', async () => {
      const { tenancy } = town()
      const queries: string[] = []
      const schema = tenancy.schemaName('acme')
      const client = new generated.PrismaClient({
        adapter: new PrismaPg(tenancy.pool, { schema }),
        log: [{ emit: 'event', level: 'query' }],
      })
      client.$on('query', ({ query }: { query: string }) => queries.push(query))
      const rows = await Promise.all(
        TENANTS.map((id) => tenancy.run(id, () => client.widget.findUnique({ where: { id: 1 } }))),
      )
      expect(rows).toMatchObject([{ name: 'acme seed' }, { name: 'acme seed' }])
      expect(queries).toHaveLength(1)
    })

    test('findUnique of one tick is answered to each tenant from its own tables', async () => {
      const { tenancy } = town()
      const { prisma } = openPrisma(town())
      const ask = (id: string) => tenancy.run(id, () => prisma().widget.findUnique({ where: { id: 1 } }))
      expect(await Promise.all([...TENANTS, ...TENANTS].map(ask))).toMatchObject(
        [...TENANTS, ...TENANTS].map((id) => ({ name: `${id} seed` })),
      )
    })

    test("findUnique of one tick goes into its tenant's transaction or out of it with the first; findFirst does not", async () => {
      const { tenancy } = town()
      const { prisma } = openPrisma(town())
      const read = (method: 'findUnique' | 'findFirst', id: number) =>
        tenancy.run('acme', () => prisma().widget[method]({ where: { id } }))
      const seen: Record<string, unknown[]> = {}
      const undone = tenancy.run('acme', () =>
        tenancy.transaction(async () => {
          const { id } = await prisma().widget.create({ data: { name: 'acme undone' } })
          for (const method of ['findUnique', 'findFirst'] as const) {
            const outside = () => tenancy.outside(() => read(method, id))
            seen[method] = [
              await Promise.all([read(method, id), outside()]),
              await Promise.all([outside(), read(method, id)]),
            ].map((rows) => rows.map((row) => row?.name ?? null))
          }
          throw new Error('undone')
        }),
      )
      await expect(undone).rejects.toThrow('undone')
      expect(seen).toEqual({
        findUnique: [['acme undone', 'acme undone'], [null, null]], // prettier-ignore
        findFirst: [['acme undone', null], [null, 'acme undone']], // prettier-ignore
      })
    })

    test('a client that was kept refuses another tenant, in a transaction and without', async () => {
      const { tenancy } = town()
      const { prisma } = openPrisma(town())
      const kept = tenancy.run('acme', () => prisma())
      const abroad = [
        () => kept.widget.findMany(),
        () => kept.widget.create({ data: { name: 'globex lost' } }),
        () => kept.$transaction((tx: any) => tx.widget.create({ data: { name: 'globex lost' } })),
        () => kept.$transaction([kept.widget.create({ data: { name: 'globex lost' } })]),
      ]
      for (const call of abroad) await expect(tenancy.run('globex', call)).rejects.toMatchObject(mismatch)
      await expect(tenancy.withoutTenant(() => kept.widget.findMany())).rejects.toMatchObject(mismatch)
      await expect(kept.widget.findMany()).rejects.toMatchObject({ code: 'ROWHOUSE_TENANT_REQUIRED' })
      expect(() => prisma()).toThrow(expect.objectContaining({ code: 'ROWHOUSE_TENANT_REQUIRED' }))
      expect([await town().kept('acme'), await town().kept('globex')]).toEqual([
        ['acme seed'],
        ['globex seed'],
      ])
    })

    test('a transaction that takes too long is rolled back, and its connection serves the other tenant', async () => {
      const { tenancy } = town()
      const { prisma } = openPrisma(town())
      const tooLong = () =>
        prisma().$transaction(
          async (tx: any) => {
            await tx.widget.create({ data: { name: 'acme late' } })
            await new Promise((resolve) => setTimeout(resolve, 150))
            await tx.widget.create({ data: { name: 'acme later' } })
          },
          { timeout: 50 },
        )
      for (let i = 0; i < 3; i++)
        await expect(tenancy.run('acme', tooLong)).rejects.toMatchObject({ code: 'P2028' })
      const create = (id: string) =>
        tenancy.run(id, () => prisma().widget.create({ data: { name: `${id} new` } }))
      await Promise.all(TENANTS.map(create))
      for (const id of TENANTS) expect(await town().kept(id)).toEqual([`${id} seed`, `${id} new`])
    })

    test('keeps as many clients as it may, and one that goes ends what it has begun', async () => {
      const { tenancy } = town()
      const listeners = tenancy.pool.listenerCount('error')
      const { opened, prisma } = openPrisma(town(), 1)
      const visit = (id: string, turn: number) =>
        tenancy.run(id, () =>
          prisma().$transaction(async (tx: any) => {
            await tx.widget.create({ data: { name: `${id} ${turn}` } })
            await new Promise((resolve) => setTimeout(resolve, 20))
          }),
        )
      await Promise.all([...TENANTS, ...TENANTS].map(visit))
      expect(opened).toHaveLength(4)
      expect(await town().kept('acme')).toEqual(expect.arrayContaining(['acme 0', 'acme 2']))
      expect(await town().kept('globex')).toEqual(expect.arrayContaining(['globex 1', 'globex 3']))
      expect(tenancy.pool.listenerCount('error') - listeners).toBe(0)
    })
  },
)
