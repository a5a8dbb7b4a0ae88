import { startChromium } from '../../scripts/embedded-chromium/start'

/** Run by embedded-chromium.test.ts: starts a browser, prints it as JSON, and never stops it. */
async function main(): Promise<void> {
  const { pid, folder } = await startChromium()
  process.stdout.write(`${JSON.stringify({ pid, folder })}\n`)
  setInterval(() => {}, 60_000)
}

void main()
