import { type ConfigOf, type ConfigReport, options } from '../../../src/contract/index.ts';
import type { NotificationSettings } from '../notifications/notifications.ts';
import { channelsOf } from './channels.ts';

const group = 'Notifications';

const channels = ['sink', 'log'] as const;
const otherChannels: Readonly<Record<string, string>> = { jmx: 'there are no MBeans; GET /sluice/connectors/NAME tells of snapshots' };

/** Notifications of what snapshots have come to. */
export const notificationOptions = {
  'notification.enabled.channels': options.parsed(
    'LIST',
    {
      default: '',
      doc: 'Where it is told what initial and incremental snapshots have come to: sink (records in notification.sink.topic.name), log (the worker’s log).',
      importance: 'MEDIUM',
      group,
      displayName: 'Enabled notification channels names',
      values: channels,
      refusedValues: otherChannels,
    },
    channelsOf(channels, otherChannels),
  ),
  'notification.sink.topic.name': options.string({
    default: null,
    doc: 'The topic of the channel sink, by its whole name.',
    importance: 'HIGH',
    group,
    displayName: 'Notification topic name',
  }),
};

export function readNotifications(config: ConfigOf<typeof notificationOptions>, report: ConfigReport): NotificationSettings {
  const enabled = config['notification.enabled.channels'];
  const topic = config['notification.sink.topic.name']?.trim() || null;
  if (enabled.includes('sink') && topic === null)
    report.fault(
      'notification.sink.topic.name',
      'The notification channel sink needs the name of its topic (notification.sink.topic.name).',
    );
  return { logged: enabled.includes('log'), topic: enabled.includes('sink') ? topic : null };
}
