/**
 * Follow-ups: messages to leads that are due at a time, with open times in them.
 *
 * - `runFollowUps`: the job behind `GET /api/cron/followups`; any number may run beside each other
 * - `createFollowUp`, `cancelFollowUps`, `cancelFollowUp`: how they come and go
 * - `listFollowUps`, `resolveFollowUp`: what a person looks at, and says of one that may have been sent
 * - `switchFollowUps`, `setWebhook`, `makeWebhookPath`: a workspace's settings
 */
export { cancelFollowUp, cancelFollowUps, FOLLOW_UP_STATES, listFollowUps, resolveFollowUp, type ListedFollowUp } from './follow-ups/cancel';
export { createFollowUp, FollowUpInputError, followUpInput, type CreatedFollowUp, type FollowUpInput } from './follow-ups/create';
export { runFollowUps, type FollowUpsContext, type FollowUpsReport } from './follow-ups/run';
export { makeWebhookPath, setWebhook, switchFollowUps } from './follow-ups/settings';
