export const PROVIDER_NAMES = { calendly: 'Calendly', hubspot: 'HubSpot', ghl: 'GoHighLevel', unknown: 'Unknown' } as const;
