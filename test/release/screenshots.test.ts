import { execFile } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const ROOT = join(__dirname, '../..')

test('the pictures of the README can be taken again, and are the ones that are there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'rowhouse-pictures-'))
  try {
    await promisify(execFile)(process.execPath, [require.resolve('tsx/cli'), 'scripts/screenshots/main.ts'], {
      cwd: ROOT,
      // On a server of somebody's own there would be tenants afterwards.
      env: { ...process.env, SCREENSHOTS: folder, DATABASE_URL: 'postgres://nobody@127.0.0.1:9/nothing' },
    })
    const taken = readdirSync(folder)
    expect(taken).toEqual(readdirSync(join(ROOT, 'docs/images')).filter((file) => file.endsWith('.png')))
    for (const file of taken) {
      const sizes = [folder, join(ROOT, 'docs/images')].map((where) => {
        const png = readFileSync(join(where, file))
        expect(png.subarray(1, 4).toString()).toBe('PNG')
        return [png.readUInt32BE(16), png.readUInt32BE(20)]
      })
      expect(sizes[0]).toEqual(sizes[1])
    }
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
    expect(taken.filter((file) => !readme.includes(`docs/images/${file}`))).toEqual([])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}, 300_000)
