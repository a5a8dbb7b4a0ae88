import type { SurveyedSchema } from './engine'
import type { SchemaName } from './tenant/schema-name'

/**
 * Adds to a survey for whom the application lacks rights.
 *
 * @param isSettled - undefined where nobody can lack any
 */
export async function withSettled(
  found: readonly SurveyedSchema[],
  isSettled: ((schema: SchemaName) => Promise<boolean>) | undefined,
): Promise<readonly SurveyedSchema[]> {
  if (isSettled === undefined) return found
  const all: SurveyedSchema[] = []
  for (const one of found)
    all.push(one.mark === undefined ? one : { ...one, isSettled: await isSettled(one.schema) })
  return all
}
