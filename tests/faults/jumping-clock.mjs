// Loaded into a server before anything else: its wall clock jumps by up to a day, back and forth, every second. The monotonic
// clock goes on, as it does when a machine's time is set.
const RealDate = Date;
const DAY_MS = 86_400_000;
const offsetAt = (now) => Math.round(Math.sin(Math.floor(now / 1_000) * 12.9898) * DAY_MS);
const shifted = () => RealDate.now() + offsetAt(RealDate.now());

globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, newTarget) => Reflect.construct(target, args.length === 0 ? [shifted()] : args, newTarget),
  apply: () => new RealDate(shifted()).toString(),
  get: (target, name) => (name === 'now' ? shifted : Reflect.get(target, name)),
});
