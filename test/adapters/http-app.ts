import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { pieces } from './shop'
import type { Shop } from './shop'

/** The application, as one writes it without a framework. */
export function handle(shop: Shop) {
  return async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const asked = String(req.headers['x-tenant'])
    res.on('finish', () => shop.finished.push(`${asked}=${shop.currentId() ?? 'none'}`))
    try {
      if (req.url === '/stream') {
        for await (const piece of pieces(shop)) res.write(piece)
        return void res.end()
      }
      if (req.url === '/fail') await sleep(2).then(() => Promise.reject(new Error(`failed for ${asked}`)))
      let body = ''
      for await (const chunk of req) body += String(chunk)
      const names =
        req.method === 'POST'
          ? await shop.sell((JSON.parse(body) as { name: string }).name)
          : await shop.read()
      res.end(JSON.stringify(names))
    } catch (error) {
      const { code, message } = error as { code?: string; message: string }
      shop.failed.push(`${code ?? message} in ${shop.currentId() ?? 'none'}`)
      res.writeHead(418).end()
    }
  }
}
