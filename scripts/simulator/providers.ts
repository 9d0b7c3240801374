import { calendly } from './calendly/index';
import { emailbison } from './emailbison/index';
import { ghl } from './ghl/index';
import { hubspot } from './hubspot/index';
import type { CalendarProviderModule, ProviderModule } from './provider';

/** Every vendor that is simulated. A new one is its folder and its name here. */
const calendarProviders = [calendly, hubspot, ghl] as const;
export const providers = [...calendarProviders, emailbison] as const;

export type ProviderOrigin = (typeof providers)[number]['origins'][number]['name'];
export type OriginName = ProviderOrigin | 'control';

export function providerNamed(name: string): CalendarProviderModule {
  const found = calendarProviders.find((provider) => provider.name === name);
  if (!found) throw new Error(`No provider ${name}`);
  return found;
}

/** Ports are handed out in this order, after the control port. */
export const providerOrigins: readonly { name: ProviderOrigin; env: string | undefined; provider: ProviderModule }[] =
  providers.flatMap((provider: ProviderModule) =>
    provider.origins.map((origin) => ({ name: origin.name as ProviderOrigin, env: origin.env, provider })),
  );
