export { adminRouter } from './router'
export type { AdminRouter } from './router'
export type { AdminAction, AdminOptions } from './options'
