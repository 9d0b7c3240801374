'use client';

import type { ReactNode } from 'react';
import type { Configuration as Values } from '@/lib/console';
import { exactText } from '@/lib/console/words';
import { ConfirmButton } from '../../../_components/confirm-button';
import { PROVIDER_NAMES } from '../../_components/names';
import { chooseAction, configureAction, credentialAction, dropCredentialAction, firstTouchAction, followUpsAction } from '../../_server/actions';
import styles from '../workspace.module.css';
import { EditForm, Field } from './edit-form';

interface ConfigurationProps {
  workspaceId: string;
  provider: keyof typeof PROVIDER_NAMES | null;
  configuration: Values;
  /** The link leads to several calendars, and the last attempt named them. */
  needsChoice: boolean;
}

/** What is set, and how to change it. Tokens are written and never shown. */
export function Configuration({ workspaceId, provider, configuration, needsChoice }: ConfigurationProps): ReactNode {
  const official = provider === 'unknown' ? null : provider;
  return (
    <>
      <Calendar workspaceId={workspaceId} configuration={configuration} />
      {(needsChoice || configuration.chosenId !== null) && (
        <EditForm workspaceId={workspaceId} action={chooseAction} submit="Choose">
          <Field name="chosenId" label="Chosen calendar" hint="The id of one of those behind the link; empty: the link alone decides.">
            {(control) => <input {...control} defaultValue={configuration.chosenId ?? ''} autoComplete="off" spellCheck={false} />}
          </Field>
        </EditForm>
      )}
      {official !== null && <Credential workspaceId={workspaceId} provider={official} name={`${PROVIDER_NAMES[official]} token`} configuration={configuration} />}
      <details className={styles.details}>
        <summary>First touch and follow-ups</summary>
        <Credential workspaceId={workspaceId} provider="emailbison" name="EmailBison token" configuration={configuration} />
        <FirstTouch workspaceId={workspaceId} configuration={configuration} />
        <EditForm workspaceId={workspaceId} action={followUpsAction} submit="Save">
          <label className={styles.checkbox}><input type="checkbox" name="isOn" defaultChecked={configuration.followUps.isOn} /> Follow-ups are sent</label>
          <p className={styles.hint}>Switched on, what is overdue goes out with the next run.</p>
        </EditForm>
      </details>
    </>
  );
}

function Calendar({ workspaceId, configuration }: Pick<ConfigurationProps, 'workspaceId' | 'configuration'>): ReactNode {
  const { url, timezone, durationMinutes, minOpenSlots } = configuration;
  return (
    <EditForm workspaceId={workspaceId} action={configureAction} submit="Save">
      <Field name="url" label="Booking link" hint="Of Calendly, HubSpot Meetings or GoHighLevel.">
        {(control) => <input {...control} type="url" defaultValue={url ?? ''} autoComplete="off" spellCheck={false} />}
      </Field>
      <div className={styles.two}>
        <Field name="timezone" label="Time zone">
          {(control) => <input {...control} defaultValue={timezone} list="zones" autoComplete="off" spellCheck={false} />}
        </Field>
        <Field name="durationMinutes" label="Meeting length, minutes">
          {(control) => <input {...control} inputMode="numeric" defaultValue={durationMinutes} autoComplete="off" />}
        </Field>
      </div>
      <Field name="minOpenSlots" label="Alarm below so many open slots" hint="In working hours of the next 7 days; empty: no alarm.">
        {(control) => <input {...control} inputMode="numeric" defaultValue={minOpenSlots ?? ''} autoComplete="off" />}
      </Field>
      <Zones />
      {/* What the form was made with: only what differs is changed, so that it does not undo another's change. */}
      <input type="hidden" name="before.url" value={url ?? ''} />
      <input type="hidden" name="before.timezone" value={timezone} />
      <input type="hidden" name="before.durationMinutes" value={String(durationMinutes)} />
      <input type="hidden" name="before.minOpenSlots" value={minOpenSlots === null ? '' : String(minOpenSlots)} />
    </EditForm>
  );
}

function Zones(): ReactNode {
  return <datalist id="zones">{Intl.supportedValuesOf('timeZone').map((zone) => <option key={zone} value={zone} />)}</datalist>;
}

function Credential({ workspaceId, provider, name, configuration }: { workspaceId: string; provider: 'calendly' | 'hubspot' | 'ghl' | 'emailbison'; name: string; configuration: Values }): ReactNode {
  const stored = configuration.credentials.find((one) => one.provider === provider);
  return (
    <>
      <EditForm workspaceId={workspaceId} action={credentialAction} submit={stored ? 'Replace' : 'Store'} clearsOnSave>
        <input type="hidden" name="provider" value={provider} />
        <Field name="token" label={name} hint={stored ? `One is stored since ${exactText(stored.since)}. It is never shown; a new one replaces it.` : provider === 'emailbison' ? 'Needed for first touch.' : 'Without one the public booking page is read.'}>
          {(control) => <input {...control} type="password" autoComplete="new-password" spellCheck={false} />}
        </Field>
      </EditForm>
      {stored && (
        <div className={styles.after}>
          <ConfirmButton
            title={`Remove the ${name}?`} confirm="Remove" tone="danger" action={dropCredentialAction}
            what={provider === 'emailbison' ? 'First touch cannot write to EmailBison without it.' : 'The public booking page is read from the next sweep on.'}
            fields={<><input type="hidden" name="workspaceId" value={workspaceId} /><input type="hidden" name="provider" value={provider} /></>}
          >
            Remove the {name}
          </ConfirmButton>
        </div>
      )}
    </>
  );
}

function FirstTouch({ workspaceId, configuration }: { workspaceId: string; configuration: Values }): ReactNode {
  const { isOn, template, fallback, offerCount, minNoticeMinutes } = configuration.firstTouch;
  const baseUrl = configuration.credentials.find((one) => one.provider === 'emailbison')?.baseUrl;
  return (
    <EditForm workspaceId={workspaceId} action={firstTouchAction} submit="Save">
      <label className={styles.checkbox}><input type="checkbox" name="isOn" defaultChecked={isOn} /> First touch is on</label>
      <Field name="template" label="Sentence" hint="{{options}}, or {{option1}} to {{option5}}, and {{booking_link}}. Empty: the default.">
        {(control) => <textarea {...control} defaultValue={template ?? ''} />}
      </Field>
      <Field name="fallback" label="Sentence without times" hint="{{booking_link}} only. Empty: the default.">
        {(control) => <textarea {...control} defaultValue={fallback ?? ''} />}
      </Field>
      <div className={styles.two}>
        <Field name="offerCount" label="Times to offer">{(control) => <input {...control} inputMode="numeric" defaultValue={offerCount} />}</Field>
        <Field name="minNoticeMinutes" label="Notice, minutes">{(control) => <input {...control} inputMode="numeric" defaultValue={minNoticeMinutes} />}</Field>
      </div>
      <Field name="baseUrl" label="EmailBison instance" hint="Its address, such as https://send.example.com">{(control) => <input {...control} type="url" defaultValue={baseUrl ?? ''} autoComplete="off" />}</Field>
    </EditForm>
  );
}
