import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { PAGES, ROOT } from './support/pages'

/** As GitHub makes them: lower case, without punctuation, a hyphen for each space. */
function anchorsOf(markdown: string): string[] {
  const text = markdown.replace(/^```[\s\S]*?^```$/gm, '')
  return [...text.matchAll(/^#+ (.+)$/gm)].map((hit) =>
    hit[1]!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

/** What leads nowhere in a page. */
function deadLinks(path: string, text: string): string[] {
  const links = [...text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/\]\(([^)\s]+)\)/g)].map(
    (hit) => hit[1]!,
  )
  return links
    .filter((link) => !/^(https?|mailto):/.test(link))
    .filter((link) => {
      const [file = '', anchor] = link.split('#') as [string, string?]
      const target = file === '' ? join(ROOT, path) : join(ROOT, dirname(path), file)
      if (!existsSync(target)) return true
      return anchor !== undefined && !anchorsOf(readFileSync(target, 'utf8')).includes(anchor)
    })
}

test('every link of README and docs leads somewhere', () => {
  expect(PAGES.length).toBeGreaterThan(35)
  expect(PAGES.flatMap(({ path, text }) => deadLinks(path, text).map((link) => `${path}: ${link}`))).toEqual(
    [],
  )
})

test('a link to a page or a heading that is gone is noticed', () => {
  const text =
    '# One two\n[a](pool.md) [b](gone.md) [c](#one-two) [d](pool.md#gone) [e](https://example.com/x)'
  expect(deadLinks('docs/x.md', text.replace('[c](#one-two) ', ''))).toEqual(['gone.md', 'pool.md#gone'])
  expect(anchorsOf(text)).toEqual(['one-two'])
})

test('every page is reached from the README', () => {
  const reached = new Set<string>()
  const visit = (path: string): void => {
    if (reached.has(path)) return
    reached.add(path)
    const text = readFileSync(join(ROOT, path), 'utf8')
    for (const [, link = ''] of text.matchAll(/\]\(([^)\s#]+\.md)(?:#[^)]*)?\)/g)) {
      if (!/^https?:/.test(link)) visit(relative(ROOT, join(ROOT, dirname(path), link)))
    }
  }
  visit('README.md')
  const all = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
  const pages = all.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)
  expect(pages.filter((page) => !reached.has(page))).toEqual([])
})
