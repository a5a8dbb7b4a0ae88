import { InvalidArgumentError } from 'commander'

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
