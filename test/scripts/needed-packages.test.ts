import { neededPackages } from '../../scripts/debian-packages/needed'

// As `apt-cache depends --recurse` prints it: alternatives behind a bar, and those that provide a virtual name below it.
const LISTING = `browser
 |Depends: desktop
  Depends: <sound>
    sound-one
  Depends: libc
desktop
  Depends: compiler
sound-one
  PreDepends: codec
<sound>
    sound-one
libc
compiler
codec
  Depends: libc
fonts
`

test('all that the wanted ones need is found, once, also through virtual names', () => {
  const found = neededPackages(['browser', 'fonts'], LISTING, () => true)
  expect(found.sort()).toEqual(
    ['<sound>', 'browser', 'codec', 'compiler', 'desktop', 'fonts', 'libc', 'sound-one'].sort(),
  )
})

test('what is not needed is left out with all that only it needs, and nothing that is wanted', () => {
  const found = neededPackages(['browser', 'fonts'], LISTING, (name) => !/desktop|fonts/.test(name))
  expect(found.sort()).toEqual(['<sound>', 'browser', 'codec', 'fonts', 'libc', 'sound-one'])
})
