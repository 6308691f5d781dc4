import { type ConfigOf, type ConfigReport, options } from '../../../src/contract/index.ts';
import type { NotificationSettings } from '../notifications/notifications.ts';

const group = 'Notifications';

const channels = ['sink', 'log'] as const;
const otherChannels: Readonly<Record<string, string>> = { jmx: 'there are no MBeans; GET /sluice/connectors/NAME tells of snapshots' };

function readChannels(list: string): readonly (typeof channels)[number][] {
  const names = list.split(',').map(name => name.trim().toLowerCase());
  return names
    .filter(name => name !== '')
    .map(name => {
      const known = channels.find(channel => channel === name);
      if (known === undefined)
        throw new Error(`the channel '${name}' is not supported: ${otherChannels[name] ?? 'there is none of that name'}`);
      return known;
    });
}

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
    readChannels,
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
