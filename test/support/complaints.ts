import { join } from 'node:path'
import ts from 'typescript'

const root = join(__dirname, '../..')

/** What the compiler says of modules, in one go: starting it is what takes time. */
export function complaints(modules: ReadonlyMap<string, string>): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: object
  }
  const { options } = ts.parseJsonConfigFileContent({ ...config, include: [], files: [] }, ts.sys, root)
  Object.assign(options, { experimentalDecorators: true, noUnusedLocals: false })
  const host = ts.createCompilerHost(options)
  const read = host.readFile.bind(host)
  const exists = host.fileExists.bind(host)
  const parse = host.getSourceFile.bind(host)
  host.fileExists = (path) => modules.has(path) || exists(path)
  host.readFile = (path) => modules.get(path) ?? read(path)
  host.getSourceFile = (path, version, ...rest) =>
    modules.has(path)
      ? ts.createSourceFile(path, modules.get(path)!, version, true)
      : parse(path, version, ...rest)
  const program = ts.createProgram([...modules.keys()], options, host)
  return [...modules.keys()].flatMap((path) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(path))
      .map((one) => `${path}: ${ts.flattenDiagnosticMessageText(one.messageText, '\n')}`),
  )
}
