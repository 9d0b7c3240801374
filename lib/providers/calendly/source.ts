/** The event type behind a link, as one interface knows it. */
export interface Target {
  id: string;
  durationMinutes: number;
  zone?: string;
  schedulingLinkCode?: string;
}

/** One of Calendly's two interfaces, for one link and one refresh. Its requests go one after the other. */
export interface CalendlySource {
  via: 'public' | 'official';
  /** From the link to its event type, through an answer that says the page is live. */
  resolve(): Promise<Target>;
  /** All bookable starts of the window, or an error. */
  listStarts(target: Target): Promise<number[]>;
  /** Asks another endpoint than the one that lists slots whether the page is live. @throws not_found if it is not. */
  confirmLive(target: Target): Promise<Target>;
}
