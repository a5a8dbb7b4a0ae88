import { isFrom, readVersion } from '../../src/mysql/server-version'

test.each([
  ['10.11.18-MariaDB-0+deb12u1', { isMariadb: true, major: 10, minor: 11 }],
  ['5.5.5-10.4.8-MariaDB', { isMariadb: true, major: 10, minor: 4 }],
  ['8.0.36', { isMariadb: false, major: 8, minor: 0 }],
  ['5.7.44-log', { isMariadb: false, major: 5, minor: 7 }],
])('%s is read', (text, version) => expect(readVersion(text)).toEqual(version))

test.each([
  ['10.5.0', true],
  ['10.11.2', true],
  ['11.0.1', true],
  ['10.4.9', false],
  ['9.9.9', false],
])('%s is from 10.5 on: %s', (text, isSo) => expect(isFrom(readVersion(text), 10, 5)).toBe(isSo))
