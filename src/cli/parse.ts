import { InvalidArgumentError } from 'commander'
import ms from 'ms'

/** A 14-digit version. */
export function parseVersion(text: string): number {
  if (!/^\d{14}$/.test(text))
    throw new InvalidArgumentError('A version has 14 digits, such as 20261124101500.')
  return Number(text)
}

/** A whole number from 1. */
export function parseCount(text: string): number {
  const count = Number(text)
  if (!Number.isSafeInteger(count) || count < 1)
    throw new InvalidArgumentError('It is a whole number from 1.')
  return count
}

/** A whole number from 0. */
export function parseCountOrNone(text: string): number {
  return text === '0' ? 0 : parseCount(text)
}

/** A time such as `500ms`, `2s`, `30d`, in milliseconds. */
export function parseDuration(text: string): number {
  const time = text === '' || text.length > 50 ? NaN : ms(text as ms.StringValue)
  if (typeof time !== 'number' || !(time >= 0))
    throw new InvalidArgumentError('It is a time, such as 500ms, 2s or 5m.')
  return Math.round(time)
}
