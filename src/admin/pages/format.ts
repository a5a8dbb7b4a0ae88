import { html } from '../html'
import type { Html } from '../html'

/** `4,000` */
export function numberText(value: number): string {
  return value.toLocaleString('en')
}

/** `1 tenant`, `4,000 tenants` */
export function countText(value: number, word: string): string {
  return `${numberText(value)} ${word}${value === 1 ? '' : 's'}`
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']

/** `48 KiB`; three digits are enough to compare by. */
export function bytesText(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${value < 10 && power > 0 ? value.toFixed(1) : Math.round(value)} ${UNITS[power]}`
}

/** `2 min 5 s` */
export function secondsText(seconds: number): string {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  const minutes = Math.floor(whole / 60)
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

/** `2026-11-24 10:15`, of UTC, as the versions of migrations are. */
export function timeHtml(date: Date | undefined): Html {
  if (date === undefined) return NOTHING
  const iso = date.toISOString()
  return html`<time datetime="${iso}" title="${iso}">${iso.slice(0, 16).replace('T', ' ')}</time>`
}

/** Where there is nothing to show. */
export const NOTHING = html`<span class="quiet">–</span>`
