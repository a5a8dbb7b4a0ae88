import { source } from 'axe-core'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'

/** Of minor, moderate, serious and critical. */
const GRAVE: readonly unknown[] = ['serious', 'critical']

/** Fails with what axe finds serious or critical on a page, and with the elements. */
export async function expectAccessible(page: Page): Promise<void> {
  const { violations } = await page.evaluate<AxeResults>(`${source}; axe.run(document)`)
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
