export { scopeSequelize } from './scope-sequelize'
export type { SequelizeLike, TenancyLike } from './scope-sequelize'
