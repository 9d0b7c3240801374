/** The ways a follow-up reaches its lead. */
import type { Channel } from './channel';
import { emailBisonReply } from './emailbison';
import { webhook } from './webhook';

export const CHANNELS = { emailbison_reply: emailBisonReply, webhook } satisfies Record<string, Channel>;

export type ChannelName = keyof typeof CHANNELS;
export const CHANNEL_NAMES = Object.keys(CHANNELS) as [ChannelName, ...ChannelName[]];

export function isChannel(name: string): name is ChannelName {
  return Object.hasOwn(CHANNELS, name);
}
