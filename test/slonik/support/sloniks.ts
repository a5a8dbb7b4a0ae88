import { createRequire } from 'node:module'
import type * as SlonikModule from 'slonik'
import type * as Door from '../../../src/slonik'
import type { Slonik } from './version'

/** The oldest that the driver contract is the same for, and the newest that this version of Node.js allows. */
const PACKAGES =
  Number(process.versions.node.split('.')[0]) >= 24
    ? ['slonik-oldest', 'slonik-newest']
    : ['slonik-oldest', 'slonik']

/** Each version that a promise is tested on. */
export const SLONIKS: readonly Slonik[] = PACKAGES.map(load)

function load(name: string): Slonik {
  const home = require.resolve(name)
  const { version } = createRequire(home)('../package.json') as { version: string }
  let slonik: Slonik | undefined
  jest.isolateModules(() => {
    jest.doMock('slonik', () => jest.requireActual<object>(name))
    jest.doMock('../../../src/slonik/slonik-home', () => ({ SLONIK_HOME: home }))
    slonik = {
      name: `slonik ${version}`,
      module: jest.requireActual<typeof SlonikModule>(name),
      createTenantSlonik: jest.requireActual<typeof Door>('../../../src/slonik').createTenantSlonik,
      createPgDriverFactory: (
        createRequire(home)('@slonik/pg-driver') as Pick<Slonik, 'createPgDriverFactory'>
      ).createPgDriverFactory,
    }
    jest.dontMock('slonik')
    jest.dontMock('../../../src/slonik/slonik-home')
  })
  return slonik!
}
