import { join } from 'node:path'
import { unpackDebian } from '../debian-packages/unpack'
import type { ServerFiles } from './server-files'

/**
 * MariaDB from Debian's or Ubuntu's packages, about 60 MB.
 *
 * @param cache - folder to keep it in
 * @throws when this system has no apt, or the packages can't be had
 */
export function prepareUnpacked(cache?: string): ServerFiles {
  const { root, libraries } = unpackDebian(
    {
      packages: ['mariadb-server-core', 'mariadb-client-core', 'mariadb-common'],
      name: 'rowhouse-mariadb',
      program: 'usr/sbin/mariadbd',
    },
    cache,
  )
  return {
    server: join(root, 'usr/sbin/mariadbd'),
    install: join(root, 'usr/bin/mariadb-install-db'),
    options: [`--basedir=${join(root, 'usr')}`, `--plugin-dir=${join(root, 'usr/lib/mysql/plugin')}`],
    env: { LD_LIBRARY_PATH: libraries },
  }
}
