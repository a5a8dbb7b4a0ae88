import { BYTE_ORDER_MARK, DRIVERS, parseManifest } from './project'
import type { Project } from './project'

/** A file that a project needs, and what it begins with. */
export interface NewFile {
  /** From the project's folder, with `/`. */
  readonly path: string
  readonly text: string
}

const URLS = {
  postgres: { option: 'connectionString', variable: 'DATABASE_URL', owner: 'OWNER_URL' },
  mysql: { option: 'uri', variable: 'MYSQL_URL', owner: 'MYSQL_OWNER_URL' },
} as const

/** The variable of the environment that says where the database is. */
export function urlVariable({ engine }: Project): string {
  return URLS[engine].variable
}

/** The module that makes the tenancy: the application imports it, and so does the configuration of the command line. */
export function tenancyFile(project: Project): NewFile {
  const { engine, language, isModule, sources } = project
  const { option, variable, owner } = URLS[engine]
  const take = (names: string, from: string): string =>
    isModule ? `import { ${names} } from '${from}'` : `const { ${names} } = require('${from}')`
  const dotenv = isModule ? "import 'dotenv/config'" : "require('dotenv/config')"
  return {
    path: `${sources}tenancy.${language}`,
    text: `${project.has('dotenv') ? `${dotenv}\n` : ''}${take('createTenancy', 'rowhouse')}
${take(engine, `rowhouse/${engine}`)}

${isModule ? 'export ' : ''}const tenancy = createTenancy({
  engine: ${engine}({
    ${option}: process.env.${variable},
    migrationUrl: process.env.${owner}, // optional: the owner of the tenants' tables, for migrations
  }),
})
${isModule ? '' : '\nmodule.exports = { tenancy }\n'}`,
  }
}

/** What the command line reads. */
export function configFile({ language, isModule, sources }: Project): NewFile {
  const from = `./${sources}tenancy`
  return {
    path: `rowhouse.config.${language}`,
    text: isModule
      ? `export { tenancy as default } from '${from}.js'\n`
      : `module.exports = require('${from}').tenancy\n`,
  }
}

const ID = {
  postgres: 'id bigint generated always as identity primary key',
  mysql: 'id bigint auto_increment primary key',
} as const

/** The first migration's text: nothing yet, and how it would look. */
export function firstMigration({ engine }: Project): string {
  return `-- Up Migration
-- The tables that every tenant has, without the name of a schema. For instance:
--   create table widgets (${ID[engine]}, name varchar(255) not null);

-- Down Migration
--   drop table widgets;
`
}

/** npm scripts in front of the command line. */
export const SCRIPTS: Readonly<Record<string, string>> = Object.fromEntries(
  ['new', 'create', 'migrate', 'rollback', 'status'].map((name) => [`tenants:${name}`, `rowhouse ${name}`]),
)

/** A package.json with further scripts, indented and with ends of lines as it was. */
export function withScripts({ manifest }: Project, scripts: Readonly<Record<string, string>>): string {
  const parsed = parseManifest(manifest)
  const indent = /^[ \t]+(?=")/m.exec(manifest)?.[0] ?? 2
  const mark = BYTE_ORDER_MARK.exec(manifest)?.[0] ?? ''
  const end = /\s*$/.exec(manifest)![0]
  const text = JSON.stringify({ ...parsed, scripts: { ...parsed.scripts, ...scripts } }, null, indent)
  return mark + (manifest.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text) + end
}

/** What is not installed yet. */
export function missingPackages({ engine, has }: Project): string[] {
  return ['rowhouse', DRIVERS[engine]].filter((name) => !has(name))
}
