/**
 * Every advisory lock key of the app: (class, job). Keys of other programs in the same database are told
 * apart by the class, an arbitrary constant.
 */
const LOCK_CLASS = 0x5107;

export interface LockKey {
  readonly classId: number;
  readonly objectId: number;
}

export const LOCKS = {
  availabilitySweep: { classId: LOCK_CLASS, objectId: 1 },
  migrations: { classId: LOCK_CLASS, objectId: 2 },
  firstTouch: { classId: LOCK_CLASS, objectId: 3 },
  alarms: { classId: LOCK_CLASS, objectId: 4 },
} as const satisfies Record<string, LockKey>;

/** Locks of a workspace's offers: one class, the object is a hash of the workspace's id. */
export const OFFERS_LOCK_CLASS = 0x5108;
