/** Whether the database refused a change because of a foreign key. */
export function isForeignKeyError(error: unknown): boolean {
  return (error as { code?: unknown }).code === '23503'
}
