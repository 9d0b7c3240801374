/** The ways an app reaches its database that the sweep's lock must be right in; the name goes into the tests' own. */
export interface Connection {
  pooled: boolean;
  poolMax?: number;
}

export const CONNECTIONS: readonly (readonly [name: string, connection: Connection])[] = [
  ['straight to PostgreSQL', { pooled: false }],
  ['straight to PostgreSQL with a Prisma pool of one', { pooled: false, poolMax: 1 }],
  ['through PgBouncer in transaction mode', { pooled: true }],
  ['through PgBouncer in transaction mode with a Prisma pool of one', { pooled: true, poolMax: 1 }],
];
