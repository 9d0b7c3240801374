import { z } from 'zod';
import { mix, unit } from './random';

/** What can go wrong, and which requests it happens to. */

/** A write takes effect all the same: only its answer is lost. Otherwise the request is not carried out at all. */
const isCarriedOut = z.boolean().optional();

const faultSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('slow'), ms: z.number().min(0) }),
  /** Accepts the request and never answers. */
  z.strictObject({ kind: z.literal('hang'), isCarriedOut }),
  z.strictObject({ kind: z.literal('drip'), bytesPerSecond: z.number().positive() }),
  z.strictObject({ kind: z.literal('reset'), when: z.enum(['before-headers', 'mid-body']).default('before-headers'), isCarriedOut }),
  z.strictObject({
    kind: z.literal('status'),
    status: z.number().int().min(400).max(599),
    retryAfterSeconds: z.number().min(0).optional(),
    message: z.string().optional(),
    headers: z.record(z.string(), z.string()).optional(),
    isCarriedOut,
  }),
  /** A bot wall: status 200, text/html. */
  z.strictObject({ kind: z.literal('html') }),
  /**
   * Half of the JSON. `chunked` and `short-length` are complete HTTP answers; `long-length` promises more
   * than it sends; `unmarked` ends with the connection, so that only the JSON can tell.
   */
  z.strictObject({
    kind: z.literal('cut'),
    variant: z.enum(['chunked', 'short-length', 'long-length', 'unmarked']).default('chunked'),
  }),
  /** Valid JSON without a field that a client needs; by default the endpoint's most important one. */
  z.strictObject({ kind: z.literal('wrong'), field: z.string().optional() }),
  z.strictObject({ kind: z.literal('huge'), bytes: z.number().int().positive(), declareLength: z.boolean().default(false) }),
  z.strictObject({ kind: z.literal('redirect'), location: z.string(), status: z.number().int().min(301).max(308).default(302) }),
  z.strictObject({ kind: z.literal('redirectPrivate'), location: z.string().default('http://169.254.169.254/latest/meta-data/') }),
  z.strictObject({ kind: z.literal('redirectLoop') }),
  /** A well-formed answer with no slots. */
  z.strictObject({ kind: z.literal('empty') }),
]);

export type Fault = z.output<typeof faultSchema>;
export type FaultKind = Fault['kind'];

export const FAULT_KINDS = [
  'slow',
  'hang',
  'drip',
  'reset',
  'status',
  'html',
  'cut',
  'wrong',
  'huge',
  'redirect',
  'redirectPrivate',
  'redirectLoop',
  'empty',
] as const satisfies readonly FaultKind[];

export const faultRuleSchema = z.strictObject({
  /** All that are given must hold; none: every request. */
  match: z
    .strictObject({
      provider: z.string().optional(),
      origin: z.string().optional(),
      calendarId: z.string().optional(),
      /** An EmailBison workspace, by the simulator's id. */
      workspaceId: z.string().optional(),
      endpoint: z.string().optional(),
    })
    .optional(),
  /** The share of matching requests it happens to. */
  share: z.number().min(0).max(1).optional(),
  /** It happens this often and then no more. */
  times: z.number().int().min(1).optional(),
  /** Which request of a fetch in several pages; `second` is any after the first. */
  page: z.union([z.literal('first'), z.literal('second'), z.number().int().min(1)]).optional(),
  fault: faultSchema,
});
export type FaultRule = z.input<typeof faultRuleSchema>;
type ResolvedRule = z.output<typeof faultRuleSchema>;

export interface FaultTarget {
  provider: string;
  origin: string;
  calendarId: string | undefined;
  workspaceId: string | undefined;
  endpoint: string;
  page: number;
}

interface ActiveRule {
  rule: ResolvedRule;
  seen: number;
  happened: number;
  salt: number;
}

export class Faults {
  private active: ActiveRule[] = [];
  private nextSalt = 0;

  constructor(private readonly seed: number) {}

  add(input: FaultRule): () => void {
    const entry: ActiveRule = { rule: faultRuleSchema.parse(input), seen: 0, happened: 0, salt: this.nextSalt++ };
    this.active.push(entry);
    return () => {
      this.active = this.active.filter((other) => other !== entry);
    };
  }

  set(rules: readonly FaultRule[]): void {
    this.clear();
    for (const rule of rules) this.add(rule);
  }

  clear(): void {
    this.active = [];
    this.nextSalt = 0;
  }

  list(): { rule: FaultRule; happened: number }[] {
    return this.active.map(({ rule, happened }) => ({ rule, happened }));
  }

  /** The first rule that holds for this request. */
  choose(target: FaultTarget): Fault | undefined {
    for (const entry of this.active) {
      const { rule } = entry;
      if (!holds(rule, target)) continue;
      if (rule.times !== undefined && entry.happened >= rule.times) continue;
      entry.seen += 1;
      if (rule.share !== undefined && unit(mix(mix(this.seed, entry.salt + 1), entry.seen)) >= rule.share) continue;
      entry.happened += 1;
      return rule.fault;
    }
    return undefined;
  }
}

function holds({ match, page }: ResolvedRule, target: FaultTarget): boolean {
  if (match?.provider !== undefined && match.provider !== target.provider) return false;
  if (match?.origin !== undefined && match.origin !== target.origin) return false;
  if (match?.calendarId !== undefined && match.calendarId !== target.calendarId) return false;
  if (match?.workspaceId !== undefined && match.workspaceId !== target.workspaceId) return false;
  if (match?.endpoint !== undefined && match.endpoint !== target.endpoint) return false;
  if (page === undefined) return true;
  if (page === 'first') return target.page === 1;
  return page === 'second' ? target.page > 1 : target.page === page;
}
