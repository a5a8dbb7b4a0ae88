/** What sequelize calls of a connection of pg or mysql2, and what it leaves on it. */
export interface Connection {
  query(text: unknown, values?: unknown, callback?: unknown): unknown
  execute?(text: unknown, values?: unknown, callback?: unknown): unknown
  release(isBroken?: boolean): void
  destroy?(): void
  /** Sequelize's word for a lost connection. */
  _invalid?: boolean
}

/** How connections of one driver are lent, and made to read values as sequelize does. */
export interface Lender {
  connect(): Promise<Connection>
  /** Closes it. */
  destroy(connection: Connection): void
}

/** The parts of sequelize's connection manager that parse values. */
export interface Parsers {
  getTypeParser?(oid: number, format?: string): unknown
  readonly constructor: { _typecast?(field: unknown, next: () => unknown): unknown }
}

/** Lends connections of `tenancy.pool`, a `pg.Pool`. */
export function postgresLender(pool: { connect(): Promise<Connection> }, parsers: Parsers): Lender {
  const types = {
    getTypeParser: (oid: number, format?: string) => parsers.getTypeParser!(oid, format),
  }
  return {
    connect: async () => {
      const client = await pool.connect()
      // Its own, and gone with the loan.
      client.query = withOptions(client.query.bind(client), 'text', { types })
      return client
    },
    destroy: (client) => client.release(true),
  }
}

/** Lends connections of `tenancy.callbackPool`, a pool of mysql2. */
export function mysqlLender(
  pool: { getConnection(use: (error: Error | null, connection: Connection) => void): void },
  parsers: Parsers,
): Lender {
  const typeCast = (field: unknown, next: () => unknown) =>
    parsers.constructor._typecast!.call(parsers, field, next)
  const options = { typeCast, supportBigNumbers: true }
  return {
    connect: () =>
      new Promise((resolve, reject) => {
        pool.getConnection((error, connection) => {
          if (error) return reject(error)
          connection.query = withOptions(connection.query.bind(connection), 'sql', options)
          connection.execute = withOptions(connection.execute!.bind(connection), 'sql', options)
          resolve(connection)
        })
      }),
    destroy: (connection) => connection.destroy!(),
  }
}

/** A method that gives its driver some options beside the text, which sequelize gives when it connects. */
function withOptions(
  method: Connection['query'],
  text: 'text' | 'sql',
  options: object,
): Connection['query'] {
  return (query, ...rest) =>
    method(
      typeof query === 'string' ? { ...options, [text]: query } : { ...options, ...(query as object) },
      ...rest,
    )
}
