/**
 * Follow-ups: messages to leads that are due at a time, with open times in them.
 *
 * - `runFollowUps`: the job behind `GET /api/cron/followups`; any number may run beside each other
 * - `createFollowUp`, `cancelFollowUps`: how they come and go
 */
export { cancelFollowUps, createFollowUp, FollowUpInputError, followUpInput, type FollowUpInput } from './follow-ups/create';
export { runFollowUps, type FollowUpsContext, type FollowUpsReport } from './follow-ups/run';
