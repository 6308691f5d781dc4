// What follows from a change of a user. The index, the cache and the view follow by sinks of their own (see README.md here); this is
// the rest: events for other services, which are published exactly once, and mails, which are sent at least once with a key that the mail service
// knows them by.
import { defineHandler, type HandlerContext, RetriableError } from 'sluice/handler';

export type User = {
  readonly id: number;
  readonly name: string;
  readonly email: string;
  /** A jsonb column, as text. */
  readonly preferences: string;
};

const events = 'user-events';
const recommendations = 'recommendation-requests';

export default defineHandler<{ 'shop.public.users': User }>({
  'shop.public.users': {
    onCreate({ after, operation, changedAtMs }, context) {
      if (operation === 'r') return; // read by the snapshot: a user that was there before
      const { id, name, email } = after;
      context.publish(events, String(id), { type: 'UserCreated', id, name, email, at: changedAtMs });
    },

    async onUpdate({ before, after, changed, changedAtMs, version }, context) {
      const { id } = after;
      if (changed?.has('email')) {
        context.publish(events, String(id), { type: 'UserEmailChanged', id, from: before?.email, to: after.email, at: changedAtMs });
        // The version tells this change from a later one of the same user.
        await context.once(`email-changed-${id}-${version}`, key => confirmEmail(after, key, context));
      }
      if (changed?.has('preferences'))
        context.publish(recommendations, String(id), { id, preferences: JSON.parse(after.preferences), at: changedAtMs });
    },

    onDelete({ key, changedAtMs }, context) {
      context.publish(events, String(key?.['id']), { type: 'UserDeleted', id: key?.['id'], at: changedAtMs });
    },
  },
});

/** Asks the mail service to have the new address confirmed. A service that is away is tried again, with everything behind it. */
async function confirmEmail({ id, email }: User, idempotencyKey: string, { config, signal }: HandlerContext): Promise<void> {
  const url = config['mail.url'];
  if (!url) return; // nobody to ask
  const request = {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
    body: JSON.stringify({ template: 'confirm-email', to: email, user: id }),
    signal,
  };
  const response = await fetch(url, request).catch(() => null);
  if (response === null) throw new RetriableError('the mail service cannot be reached');
  await response.body?.cancel();
  if (response.status >= 500) throw new RetriableError(`the mail service answers ${response.status}`);
  if (!response.ok) throw new Error(`the mail service refuses the request: ${response.status}`);
}
