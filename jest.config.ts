/** @jest-config-loader esbuild-register */
import type { Config } from 'jest'

/** ES modules only, while Jest runs CommonJS: compiled like our own files. */
const ESM_ONLY = [
  // slonik 47 has one such dependency; from 48 on all of it is.
  'p-limit',
  'yocto-queue',
  'slonik-newest',
  '@slonik',
  'p-queue',
  'p-timeout',
  'serialize-error',
  'jose',
]

/** What `npm run test:release` runs, beside `npm test`: with whole programs, from outside. */
const RELEASE = ['test/release/', 'test/browser/', 'test/scripts/', 'test/example-app/main.test']

const config: Config = {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns:
    process.env.ROWHOUSE_RELEASE === '1' ? [] : RELEASE.map((path) => `<rootDir>/${path}`),
  testEnvironment: 'node',
  testTimeout: 60_000,
  maxWorkers: 2,
  // The example imports the package by its name, which is `dist` and need not be built.
  moduleNameMapper: {
    '^rowhouse$': '<rootDir>/src/index.ts',
    '^rowhouse/postgres$': '<rootDir>/src/postgres/index.ts',
    '^rowhouse/slonik$': '<rootDir>/src/slonik/index.ts',
    '^rowhouse/mysql$': '<rootDir>/src/mysql/index.ts',
    '^rowhouse/(fastify|koa|hono|http|nestjs)$': '<rootDir>/src/adapters/$1.ts',
    '^rowhouse/socket.io$': '<rootDir>/src/adapters/socket-io.ts',
    '^rowhouse/prisma$': '<rootDir>/src/prisma/index.ts',
    '^rowhouse/sequelize$': '<rootDir>/src/sequelize/index.ts',
    '^rowhouse/(metrics|opentelemetry|admin)$': '<rootDir>/src/$1/index.ts',
    '^rowhouse/testing$': '<rootDir>/src/testing/index.ts',
  },
  globalSetup: '<rootDir>/test/support/global-setup.ts',
  globalTeardown: '<rootDir>/test/support/global-teardown.ts',
  transform: {
    '\\.[cm]?[jt]s$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  // The innermost `node_modules` counts: a package may have its own copy of another one.
  transformIgnorePatterns: [`/node_modules/(?!.*/node_modules/|(${ESM_ONLY.join('|')})/)`],
}

// Not `export default`: Node 22 and later would read this file as CommonJS first, and warn about it.
module.exports = config
