/** PostgreSQL has one code for both ends of a foreign key, MySQL one for each. */
const FOREIGN_KEY_CODES: readonly unknown[] = ['23503', 'ER_NO_REFERENCED_ROW_2', 'ER_ROW_IS_REFERENCED_2']

/** Of PostgreSQL and of MySQL. */
const UNIQUE_CODES: readonly unknown[] = ['23505', 'ER_DUP_ENTRY']

/** Whether the database refused a change because of a foreign key. */
export function isForeignKeyError(error: unknown): boolean {
  return FOREIGN_KEY_CODES.includes((error as { code?: unknown }).code)
}

/** Whether the database refused a row because there is one with the same value in a column that allows each once. */
export function isUniqueError(error: unknown): boolean {
  return UNIQUE_CODES.includes((error as { code?: unknown }).code)
}
