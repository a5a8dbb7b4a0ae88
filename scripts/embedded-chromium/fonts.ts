import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Lets a browser have the fonts of one folder and no others, so that pages look the same wherever they are shown, also
 * where a system has no fonts at all.
 *
 * @param fonts - folder with fonts in it, at any depth
 * @param folder - for the settings; the browser writes its cache there
 * @returns variables of its environment
 */
export function useFonts(fonts: string, folder: string): Record<string, string> {
  const file = join(folder, 'fonts.conf')
  const prefer = (generic: string, family: string): string =>
    `<alias binding="same"><family>${generic}</family><prefer><family>${family}</family></prefer></alias>`
  const settings = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${fonts}</dir>
  <cachedir>${join(folder, 'font-cache')}</cachedir>
  ${prefer('system-ui', 'Inter')}
  ${prefer('sans-serif', 'Inter')}
  ${prefer('monospace', 'DejaVu Sans Mono')}
</fontconfig>
`
  writeFileSync(file, settings)
  return { FONTCONFIG_FILE: file }
}
