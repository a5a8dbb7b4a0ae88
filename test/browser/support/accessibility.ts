import { source } from 'axe-core'
import type { AxeResults, RunOptions } from 'axe-core'
import type { Page } from 'playwright-core'

/** Of minor, moderate, serious and critical. */
const GRAVE: readonly unknown[] = ['serious', 'critical']

/**
 * Fails with what axe finds serious or critical on a page, and with the elements.
 *
 * @param rules - to ask for these alone, `['color-contrast']`. Default: all
 */
export async function expectAccessible(page: Page, rules?: readonly string[]): Promise<void> {
  const options: RunOptions = { resultTypes: ['violations'], ...(rules && { runOnly: [...rules] }) }
  // It is half a megabyte, and a page may be looked at twice.
  if (await page.evaluate<boolean>('typeof axe === "undefined"')) await page.evaluate(source)
  const { violations } = await page.evaluate<AxeResults>(`axe.run(document, ${JSON.stringify(options)})`)
  const grave = violations.filter(({ impact }) => GRAVE.includes(impact))
  expect(
    grave.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes.map((node) => node.html).join(' | ')}`),
  ).toEqual([])
}

/** Fails when a page is wider than its window, so that it has to be moved sideways to be read. */
export async function expectNoSideways(page: Page): Promise<void> {
  const wide = await page.evaluate<number[]>(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  )
  expect(wide[0]).toBeLessThanOrEqual(wide[1]!)
}
