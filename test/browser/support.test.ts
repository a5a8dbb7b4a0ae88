import { existsSync, rmSync } from 'node:fs'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { dirname } from 'node:path'
import { expectAccessible, expectNoSideways } from './support/accessibility'
import { useBrowser } from './support/use-browser'
import type { Visit, VisitOptions } from './support/use-browser'

const browser = useBrowser()

let html = ''
const LAX = "default-src * 'unsafe-inline'"
let csp = LAX
const server = http.createServer((req, res) => {
  if (req.url === '/missing') res.statusCode = 404
  const headers = { 'content-type': 'text/html', 'content-security-policy': csp }
  res.writeHead(res.statusCode, headers).end(`<!doctype html><html lang="en"><title>T</title>${html}`)
})
const folders: string[] = []
let site = ''

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(() => {
  html = ''
  csp = LAX
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

/** The message of a visit that fails, without the screenshots, which are there and are taken away. */
async function failure(
  body: string,
  work: (visit: Visit) => Promise<unknown> = ({ page }) => page.goto('/'),
  options?: VisitOptions,
): Promise<string> {
  html = body
  const visited = browser.visit(site, async (visit) => void (await work(visit)), options)
  const error = await visited.then(
    () => undefined,
    (thrown: Error) => thrown,
  )
  if (error === undefined) return 'it did not fail'
  const [message, files] = error.message.split('\nScreenshots: ') as [string, string]
  for (const file of files.split(', ')) {
    expect(existsSync(file)).toBe(true)
    folders.push(dirname(file))
  }
  return message
}

test('a page that does nothing wrong is looked at, in a context of its own each time', async () => {
  html = '<main><h1>Fine</h1><p>All is well.</p></main>'
  for (let round = 0; round < 2; round += 1) {
    await browser.visit(site, async ({ page, context }) => {
      expect(await context.cookies()).toEqual([])
      await page.goto('/')
      await context.addCookies([{ name: 'left', value: 'over', url: site }])
      expect(await page.title()).toBe('T')
      await expectAccessible(page)
      await expectNoSideways(page)
    })
  }
})

test.each([
  ['an error in the console', '<script>console.error("oops")</script>', /error in the console .*: oops/],
  ['a script that throws', '<script>throw new Error("broken")</script>', /error in a page: broken/],
  ['a promise that nobody catches', '<script>Promise.reject(new Error("lost"))</script>', /in a page: lost/],
  ['a dialog', '<script>alert("hello")</script>', /dialog: alert "hello"/],
  [
    'an image of elsewhere',
    '<img alt="" src="http://example.test/a.png">',
    /another host: http:\/\/example\.test\//,
  ],
  [
    'a style of elsewhere',
    '<link rel="stylesheet" href="//other.localhost/a.css">',
    /another host: http:\/\/other\.loc/,
  ],
  [
    'another port of this machine',
    '<iframe title="x" src="http://127.0.0.1:9/">',
    /another host: http:\/\/127\.0\.0\.1:9\//,
  ],
  [
    'a frame with an error in it',
    '<iframe title="x" srcdoc="<script>missing()</script>">',
    /missing is not defined/,
  ],
])('%s fails a visit', async (_what, body, message) => {
  expect(await failure(body)).toMatch(message)
})

test('what the policy of a page forbids fails a visit', async () => {
  csp = "default-src 'none'"
  expect(await failure('<script>1</script>')).toMatch(/error in the console .*Content Security Policy/)
})

test('a host that is under test as well may be asked', async () => {
  const host = `other.localhost:${new URL(site).port}`
  const image = `<img alt="" src="http://${host}/icon.svg">`
  expect(await failure(image)).toMatch(`request to another host: http://${host}/icon.svg`)
  html = image
  await browser.visit(site, async ({ page }) => void (await page.goto('/')), { hosts: [host] })
})

test('an answer that is an error is one in the console, and can be expected, but not in vain', async () => {
  const visit = ({ page }: Visit) => page.goto('/missing')
  expect(await failure('', visit)).toMatch(/error in the console .*404/)
  await browser.visit(site, async ({ page, complaints }) => {
    complaints.expect(/404/)
    await page.goto('/missing')
  })
  const inVain = ({ page, complaints }: Visit) => {
    complaints.expect(/404/)
    return page.goto('/')
  }
  expect(await failure('', inVain)).toBe('The browser complained:\n  expected and not heard: /404/')
})

test('a visit that fails by itself says so first', async () => {
  expect(await failure('<p>seen</p>', () => Promise.reject(new Error('my own')))).toBe('my own')
})

test.each([
  ['an image without a text', '<main><h1>x</h1><img src="data:,"></main>', /image-alt/],
  [
    'text that can hardly be read',
    '<main><h1>x</h1><p style="color:#ccc">pale</p></main>',
    /color-contrast.*pale/,
  ],
  ['a field without a label', '<main><h1>x</h1><input></main>', /label.*<input>/],
])('%s is not accessible, also under a strict policy', async (_what, body, message) => {
  csp = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
  const look = async ({ page }: Visit) => {
    await page.goto('/')
    await expectAccessible(page)
  }
  expect(await failure(body, look)).toMatch(message)
})

test('a page that is wider than its window is found', async () => {
  const look = async ({ page }: Visit) => {
    await page.goto('/')
    await expectNoSideways(page)
  }
  const options = { viewport: { width: 320, height: 640 } }
  expect(await failure('<p style="width:400px">wide</p>', look, options)).toMatch(/Expected: <= 320/)
})
