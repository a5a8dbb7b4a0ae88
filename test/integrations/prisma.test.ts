import { describeLibrary } from './support/describe-library'
import { prismaOnPostgres } from './support/libraries/prisma'
import { generatePrisma } from './support/prisma-client'
import type { GeneratedPrisma } from './support/prisma-client'

let prisma: GeneratedPrisma
beforeAll(() => {
  prisma = generatePrisma()
}, 120_000)
afterAll(() => prisma.remove())

describeLibrary(prismaOnPostgres(() => prisma.PrismaClient))
