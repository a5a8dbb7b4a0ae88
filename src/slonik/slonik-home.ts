/** Where the installed slonik is: its driver's own packages are looked for from there. */
export const SLONIK_HOME = require.resolve('slonik')
