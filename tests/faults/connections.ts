/** The ways an app reaches its database that the sweep's lock must be right in. */
export interface Connection {
  name: string;
  pooled: boolean;
  poolMax?: number;
}

export const CONNECTIONS: readonly Connection[] = [
  { name: 'straight to PostgreSQL', pooled: false },
  { name: 'straight to PostgreSQL, a Prisma pool of one', pooled: false, poolMax: 1 },
  { name: 'through PgBouncer in transaction mode', pooled: true },
  { name: 'through PgBouncer in transaction mode, a Prisma pool of one', pooled: true, poolMax: 1 },
];
