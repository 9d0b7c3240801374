/**
 * First touch: the custom variable `availability_slot` of EmailBison leads gets a sentence with real, open times
 * before their first email goes out. It reads the cache only and calls no calendar.
 *
 * - `runFirstTouch`: one run over every workspace that has it on (the cron route, under its lock)
 * - `previewFirstTouch`: what a workspace would send now
 * - `readFirstTouchStatus`: what was written, and what is known of its EmailBison instance
 * - `setFirstTouch`: on or off, with its templates
 */
export { createFirstTouchContext, processFirstTouchContext, type FirstTouchContext } from './first-touch/context';
export { previewFirstTouch, type FirstTouchPreview } from './first-touch/preview';
export { runFirstTouch, type FirstTouchOptions, type FirstTouchReport } from './first-touch/run';
export { setFirstTouch, type FirstTouchSettings } from './first-touch/settings';
export { readFirstTouchStatus, type FirstTouchStatus } from './first-touch/status';
