import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { BrowserFiles } from './browser-files'
import { prepareUnpacked } from './unpacked'

const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chromium-headless-shell',
]

const SCRIPT_BYTES = 20_000

/**
 * The browser to run: the program of CHROME_PATH, else Chromium or Chrome on PATH, else Debian's package in a cache folder.
 *
 * @param unpack - for the last one
 * @throws when CHROME_PATH names no file, or no browser can be had
 */
export function findBrowser(unpack: () => BrowserFiles = prepareUnpacked): BrowserFiles {
  const named = process.env.CHROME_PATH
  if (named) {
    if (existsSync(named)) return { program: named, env: {} }
    throw new Error(`CHROME_PATH is "${named}", and there is no such file.`)
  }
  const program = findOnPath()
  if (program !== undefined) return { program, env: {} }
  try {
    return unpack()
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Error(
      'There is no browser on PATH, and none could be taken from the packages of this system (Ubuntu has Chromium as a ' +
        `snap only). Set CHROME_PATH to the program of a Chromium or Chrome. The reason: ${reason}`,
      { cause },
    )
  }
}

function findOnPath(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean)
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(
    (file) => existsSync(file) && !isSnap(file),
  )
}

/** A snap sees no temporary folder of ours. Ubuntu's `chromium-browser` is a small script that starts one. */
function isSnap(file: string): boolean {
  if (/\/snap\b/.test(realpathSync(file))) return true
  return statSync(file).size < SCRIPT_BYTES && readFileSync(file, 'latin1').includes('/snap/bin/')
}
