/** A browser that is there, and what it needs to run. */
export interface BrowserFiles {
  /** `/usr/bin/chromium` */
  readonly program: string
  readonly env: Readonly<Record<string, string>>
  /** Folder of the fonts to show pages in, and no others. Undefined: those of the system. */
  readonly fonts?: string
}
