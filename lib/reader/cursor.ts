/** The place in the change feed that a caller has read to: opaque to them, versioned for us. Pure. */

export interface Cursor {
  /** Hash of the database cluster that counted the transaction. */
  cluster: string;
  /** Id of the writing transaction, in decimal. */
  xid: string;
  /** The last workspace of that transaction. */
  workspaceId: string;
}

const VERSION = '1';
const MAX_XID = 2n ** 64n - 1n;
/** Of a cursor's text; longer ones are not ours. */
const MAX_LENGTH = 1_000;

export function encodeCursor({ cluster, xid, workspaceId }: Cursor): string {
  return Buffer.from([VERSION, cluster, xid, workspaceId].join('|')).toString('base64url');
}

/** @returns undefined for what is no cursor of ours */
export function decodeCursor(text: string): Cursor | undefined {
  if (text.length > MAX_LENGTH || !/^[\w-]+$/.test(text)) return undefined;
  const plain = Buffer.from(text, 'base64url').toString('utf8');
  const [, cluster, xid, workspaceId] = /^1\|([0-9a-f]{1,16})\|(\d{1,20})\|(\P{Cc}*)$/u.exec(plain) ?? [];
  if (cluster === undefined || xid === undefined || workspaceId === undefined || BigInt(xid) > MAX_XID) return undefined;
  return { cluster, xid, workspaceId };
}
