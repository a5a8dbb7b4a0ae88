import { createColors } from 'picocolors'

/** Colours text of a terminal by what it means; leaves it as it is elsewhere. */
export interface Paint {
  readonly good: (text: string) => string
  readonly warn: (text: string) => string
  readonly bad: (text: string) => string
  readonly strong: (text: string) => string
}

/** Makes one for a stream that shows colours, or does not. */
export function paintFor(hasColours: boolean): Paint {
  const { green, yellow, red, bold } = createColors(hasColours)
  return { good: green, warn: yellow, bad: red, strong: bold }
}
