export const PROVIDER_NAMES = { calendly: 'Calendly', hubspot: 'HubSpot', ghl: 'GoHighLevel', unknown: 'unknown provider' } as const;
