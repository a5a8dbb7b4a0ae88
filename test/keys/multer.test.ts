import { randomUUID } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import express from 'express'
import multer from 'multer'
import { RowhouseError } from '../../src/errors'
import { tenantPath } from '../../src/keys/tenant-path'
import { postgres } from '../../src/postgres/postgres'
import { fromPath } from '../../src/request/from-path'
import { createTenancy } from '../../src/tenancy'
import { serve } from '../request/serve'
import type { Served } from '../request/serve'

const tenancy = createTenancy({
  engine: postgres({ connectionString: 'postgres://nobody@127.0.0.1:1/x' }),
  directory: (id) => ({ id }),
})
let root: string
let served: Served
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'rowhouse-uploads-'))
  served = await serve(appOf(), { sockets: 4 })
})
afterEach(async () => {
  await served.close()
  rmSync(root, { recursive: true, force: true })
})

type Name = (file: Express.Multer.File) => string

/** multer calls back where the body's pieces arrive, which is nobody's context: the tenant comes with the request. */
const tenantOf = (req: object): string => (req as { tenant: { id: string } }).tenant.id

/** The folder is the tenant's; the name of the file is the server's, or, without care, the browser's. */
function storage(nameOf: Name, folderOf = (req: object) => tenantPath(root, tenantOf(req))) {
  return multer.diskStorage({
    destination: (req, _file, done) => {
      try {
        const folder = folderOf(req)
        mkdirSync(folder, { recursive: true })
        done(null, folder)
      } catch (error) {
        // Thrown here it would end the process.
        done(error as Error, '')
      }
    },
    filename: (_req, file, done) => {
      try {
        done(null, nameOf(file))
      } catch (error) {
        done(error as Error, '')
      }
    },
  })
}

function appOf(): express.Express {
  const app = express()
  app.use('/:tenant', tenancy.middleware({ resolve: fromPath('tenant'), trustResolution: true }))
  const routes: Record<string, Name> = {
    safe: () => randomUUID(),
    naive: ({ originalname }) => originalname,
    checked: ({ originalname }) => {
      tenantPath(root, 'any', originalname)
      return originalname
    },
  }
  for (const [route, nameOf] of Object.entries(routes)) {
    const upload = multer({ storage: storage(nameOf), preservePath: true })
    app.post(`/:tenant/${route}`, upload.single('file'), tenancy.resumeTenant(), (_req, res) => {
      res.send(tenancy.current()?.id)
    })
  }
  const lost = multer({ storage: storage(routes.safe!, () => tenancy.path(root)) })
  app.post('/:tenant/lost', lost.single('file'), (_req, res) => void res.send('ok'))
  app.use((error: unknown, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
    res.sendStatus(error instanceof RowhouseError ? (error.status ?? 500) : 500)
  })
  return app
}

/** Sends a file in three pieces, so that others come in between. */
async function upload(path: string, name: string, content: string): Promise<number> {
  const head = `--x\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: text/plain\r\n\r\n`
  async function* body(): AsyncGenerator<Uint8Array> {
    for (const piece of [head, content, '\r\n--x--\r\n']) {
      yield Buffer.from(piece)
      await sleep(Math.random() * 5)
    }
  }
  const response = await fetch(`http://127.0.0.1:${served.port}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'multipart/form-data; boundary=x', connection: 'close' },
    body: body(),
    duplex: 'half',
  } as unknown as RequestInit)
  const text = await response.text()
  if (response.ok) expect(text).toBe(path.split('/')[1])
  return response.status
}

function filesOf(tenant: string): string[] {
  const folder = join(root, `tenant_${tenant}`)
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .sort()
}

test('40 uploads of two tenants at once end in the folders of their tenants', async () => {
  const all = Array.from({ length: 40 }, (_, i) => ({
    tenant: i % 2 ? 'acme' : 'globex',
    content: `${i % 2 ? 'acme' : 'globex'} ${i}`,
  }))
  const statuses = await Promise.all(
    all.map(({ tenant, content }) => upload(`/${tenant}/safe`, '../../evil.txt', content)),
  )
  expect(new Set(statuses)).toEqual(new Set([200]))
  for (const id of ['acme', 'globex'])
    expect(filesOf(id)).toEqual(
      all
        .filter(({ tenant }) => tenant === id)
        .map(({ content }) => content)
        .sort(),
    )
  expect(readdirSync(root).sort()).toEqual(['tenant_acme', 'tenant_globex'])
})

test("a browser's name leads into another tenant's folder where nobody looks at it, and is refused where tenantPath does", async () => {
  expect(await upload('/globex/safe', 'a.txt', 'of globex')).toBe(200)
  expect(await upload('/acme/checked', '../tenant_globex/evil.txt', 'of acme')).toBe(400)
  expect(filesOf('globex')).toEqual(['of globex'])
  expect(await upload('/acme/checked', 'good.txt', 'of acme')).toBe(200)
  expect(filesOf('acme')).toEqual(['of acme'])
  expect(await upload('/acme/naive', '../tenant_globex/evil.txt', 'of acme')).toBe(200)
  expect(filesOf('globex')).toEqual(['of acme', 'of globex'])
})

test('where multer calls back there may be no tenant, and then tenancy.path refuses', async () => {
  expect(await upload('/acme/lost', 'a.txt', 'of acme')).toBe(500)
  expect(readdirSync(root)).toEqual([])
})
