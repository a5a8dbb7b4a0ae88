import { join } from 'node:path'
import { unpackDebian } from '../debian-packages/unpack'
import type { BrowserFiles } from './browser-files'

/** Chromium without any windows, which needs far fewer libraries, and the fonts that pages are shown in. */
const PACKAGES = ['chromium-headless-shell', 'fonts-inter', 'fonts-dejavu-core']

/** For a desktop, and with them a compiler for graphics cards. */
const WITHOUT = /^(x11-utils|xdg-utils|ttf-|fonts-)/

const PROGRAM = 'usr/lib/chromium/chromium-headless-shell'

/**
 * Chromium from Debian's packages with two families of fonts, about 100 MB to fetch and 330 MB on disk.
 *
 * @param cache - folder to keep it in
 * @throws when this system has no apt, or the packages can't be had: on Ubuntu, whose Chromium is a snap
 */
export function prepareUnpacked(cache?: string): BrowserFiles {
  const { root, libraries } = unpackDebian(
    { packages: PACKAGES, name: 'rowhouse-chromium', program: PROGRAM, without: WITHOUT },
    cache,
  )
  // These load libraries of their own from folders below, whose names are built into them.
  const inner = ['pulseaudio', 'nss'].flatMap((name) =>
    libraries.split(':').map((folder) => join(folder, name)),
  )
  return {
    program: join(root, PROGRAM),
    env: { LD_LIBRARY_PATH: [libraries, ...inner].join(':') },
    fonts: join(root, 'usr/share/fonts'),
  }
}
