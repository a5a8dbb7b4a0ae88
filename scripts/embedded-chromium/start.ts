import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { findFreePort } from '../server-keeper/free-port'
import { openKeeper, type Keeper } from '../server-keeper/keeper'
import { findBrowser } from './find'
import { useFonts } from './fonts'

/** A browser without a window that this process started. It ends with this process at the latest, even by SIGKILL. */
export interface StartedChromium {
  /** What drives it connects here, `http://127.0.0.1:41234`. */
  readonly url: string
  readonly pid: number
  /** All that it writes is here, and goes with it. */
  readonly folder: string
  stop(): Promise<void>
}

const HOST = '127.0.0.1'

/** It asks nobody for updates, lists or experiments, and looks the same everywhere. */
const CALM = [
  '--headless',
  '--disable-gpu',
  '--disable-quic',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-extensions',
  '--disable-sync',
  '--disable-breakpad',
  '--disable-field-trial-config',
  '--no-first-run',
  '--no-default-browser-check',
  '--no-proxy-server',
  // It finds nothing but this machine, whatever a page asks for.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1',
  '--mute-audio',
  '--hide-scrollbars',
  '--force-color-profile=srgb',
  '--password-store=basic',
  '--lang=en-US',
  // A page in the background goes on as one in front, since two tabs can be in use at once.
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-renderer-backgrounding',
]

/**
 * Starts a browser with nothing in its profile; see {@link findBrowser} for which one.
 *
 * @throws when none can be had, or with its own words when it does not start
 */
export async function startChromium(): Promise<StartedChromium> {
  const { program, env, fonts } = findBrowser()
  const keeper = await openKeeper('chromium', {})
  const { folder } = keeper
  try {
    const port = await findFreePort(HOST)
    const profile = join(folder, 'profile')
    mkdirSync(profile)
    const settings = [...CALM, `--user-data-dir=${profile}`, `--remote-debugging-port=${port}`]
    const pid = await launch(keeper, [program, ...settings], {
      ...env,
      ...(fonts === undefined ? {} : useFonts(fonts, folder)),
      HOME: folder,
    })
    return { url: `http://${HOST}:${port}`, pid, folder, stop: () => keeper.close() }
  } catch (error) {
    await keeper.close()
    throw error
  }
}

/** Its sandbox does not work for root, nor in many containers. What it shows here are our own pages. */
async function launch(
  keeper: Keeper,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<number> {
  const start = (...more: readonly string[]): Promise<number> =>
    keeper.launch({
      server: [...command, ...more],
      readyText: 'DevTools listening on',
      stopSignal: 'SIGTERM',
      env,
    })
  if (process.getuid?.() === 0) return start('--no-sandbox')
  try {
    return await start()
  } catch (error) {
    if (!(error instanceof Error && /sandbox/i.test(error.message))) throw error
    return start('--no-sandbox')
  }
}
