/** PostgreSQL has one code for both ends of a foreign key, MySQL one for each. */
const FOREIGN_KEY_CODES: readonly unknown[] = ['23503', 'ER_NO_REFERENCED_ROW_2', 'ER_ROW_IS_REFERENCED_2']

/** Whether the database refused a change because of a foreign key. */
export function isForeignKeyError(error: unknown): boolean {
  return FOREIGN_KEY_CODES.includes((error as { code?: unknown }).code)
}
