import type { ReactNode } from 'react';

const NAMES: Record<string, string> = { calendly: 'Calendly', hubspot: 'HubSpot', ghl: 'GoHighLevel', emailbison: 'EmailBison', webhook: 'Webhook', unknown: 'unknown provider' };

export function ProviderText({ provider }: { provider: string }): ReactNode {
  return NAMES[provider] ?? provider;
}
