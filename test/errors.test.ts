import * as errors from '../src/errors'
import {
  ConfigError,
  RowhouseError,
  TenantIdError,
  TenantNotFoundError,
  TenantRequiredError,
} from '../src/errors'

type ErrorClass = new (message: unknown, details?: unknown) => RowhouseError

const { RowhouseError: Base, ConfigError: Config, TenantIdError: TenantId, ...withMessage } = errors
const samples: [string, RowhouseError][] = [
  ['RowhouseError', new Base('ROWHOUSE_CONFIG', 'A message.')],
  ['ConfigError', new Config(['A message.'])],
  ['TenantIdError', new TenantId('ROWHOUSE_TENANT_ID_INVALID', 'A message.')],
  ...Object.entries(withMessage as unknown as Record<string, ErrorClass>).map(
    ([name, Class]): [string, RowhouseError] => [
      name,
      // The two that take no message take their details first.
      /Suspended|Forbidden/.test(name)
        ? new Class({})
        : new Class('A message.', { migration: 'm', versions: [] }),
    ],
  ),
]

test.each(samples)(
  '%s has its own name, a code at the end of the message, and is one of ours',
  (name, error) => {
    expect(error.name).toBe(name)
    expect(error.code).toMatch(/^ROWHOUSE_[A-Z_]+$/)
    expect(error.message.endsWith(` (${error.code})`)).toBe(true)
    expect(error).toBeInstanceOf(RowhouseError)
    expect(error).toBeInstanceOf(Error)
    expect(error.stack).toContain('errors.test.ts')
  },
)

test('each class is told from the others by instanceof', () => {
  expect(new TenantNotFoundError()).not.toBeInstanceOf(TenantRequiredError)
  expect(new TenantRequiredError('pool.query')).toBeInstanceOf(TenantRequiredError)
})

test.each([
  ['TenantUnresolvedError', 400],
  ['TenantNotFoundError', 404],
  ['TenantForbiddenError', 403],
  ['TenantSuspendedError', 403],
  ['TenantExistsError', 409],
  ['PoolTimeoutError', 503],
])('%s answers %i through the error handling of Express', (name, status) => {
  expect(samples.find(([sample]) => sample === name)![1].status).toBe(status)
})

test("a fault that is not the request's has no status, so it answers 500", () => {
  const requests = /Unresolved|NotFound|Forbidden|Suspended|Migrating|Exists|DirectoryTimeout|PoolTimeout/
  const others = samples.filter(([name]) => !requests.test(name)).map(([, error]) => error.status)
  expect(others.length).toBeGreaterThan(5)
  expect(others.filter((status) => status !== undefined)).toEqual([])
})

test('the errors of two copies of the package are all RowhouseErrors, and keep their own subclasses', () => {
  let copy: typeof errors | undefined
  jest.isolateModules(() => {
    // eslint-disable-next-line @typescript-eslint/no-require-imports
    copy = require('../src/errors')
  })
  const theirs = new copy!.TenantNotFoundError()
  expect(copy!.RowhouseError).not.toBe(RowhouseError)
  expect(theirs).toBeInstanceOf(RowhouseError)
  expect(new TenantNotFoundError()).toBeInstanceOf(copy!.RowhouseError)
  expect(theirs).toBeInstanceOf(copy!.TenantNotFoundError)
  expect(theirs).not.toBeInstanceOf(TenantNotFoundError)
})

test.each([
  undefined,
  null,
  'ROWHOUSE_CONFIG',
  42,
  {},
  [],
  new Error('x'),
  { code: 'ROWHOUSE_CONFIG' },
  () => 1,
])('%p is not one of ours', (value) => {
  expect(value instanceof RowhouseError).toBe(false)
  expect(value instanceof TenantIdError).toBe(false)
})

test('an error keeps the one underneath, and has no cause where there is none', () => {
  const cause = new Error('connection refused')
  expect(new TenantNotFoundError('Gone.', { cause }).cause).toBe(cause)
  expect('cause' in new TenantNotFoundError()).toBe(false)
})

test('a configuration error lists every mistake at once', () => {
  const error = new ConfigError(['The prefix is empty.', 'The name is empty.'])
  expect(error.problems).toEqual(['The prefix is empty.', 'The name is empty.'])
  expect(error.message).toBe('The prefix is empty. The name is empty. (ROWHOUSE_CONFIG)')
})

test('the mark of our errors does not show when an error is logged', () => {
  const error = new TenantNotFoundError(undefined, { tenant: 'acme' })
  expect(JSON.parse(JSON.stringify(error))).toEqual({
    name: 'TenantNotFoundError',
    code: 'ROWHOUSE_TENANT_NOT_FOUND',
    tenant: 'acme',
    status: 404,
  })
})
