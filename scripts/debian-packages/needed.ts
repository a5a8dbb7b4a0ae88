/** A package, and what one of its dependencies names: packages, or several of which one is enough. */
type Dependencies = ReadonlyMap<string, readonly string[]>

/**
 * The packages that some packages need, themselves included.
 *
 * @param wanted - `['redis-server']`
 * @param listing - what `apt-cache depends --recurse` prints about them
 * @param isNeeded - false for a package that is of no use here: what only it needs is left out as well
 */
export function neededPackages(
  wanted: readonly string[],
  listing: string,
  isNeeded: (name: string) => boolean,
): string[] {
  const dependencies = parse(listing)
  const found = new Set(wanted)
  // A set gives what is added while it is walked, too.
  for (const name of found) {
    for (const needed of dependencies.get(name) ?? []) if (isNeeded(needed)) found.add(needed)
  }
  return [...found]
}

/** A name at the margin, below it `  Depends: other`, and below a virtual name those that provide it. */
function parse(listing: string): Dependencies {
  const dependencies = new Map<string, string[]>()
  let current: string[] = []
  for (const line of listing.split('\n')) {
    const name = line.replace(/^[ |]*(\w+: )?/, '')
    if (/^[ |]/.test(line)) current.push(name)
    else dependencies.set(name, (current = []))
  }
  return dependencies
}
