import { createHash } from 'node:crypto';
import { defineHandler, type HandlerContext } from 'sluice/handler';
import { answerOnce, type Command, type Reply, serviceFile, typeOf } from './service-file.ts';

type PaymentCommand = Command & { readonly amountCents: number };

const layout = 'create table if not exists payments (order_id text primary key, cents integer not null)';

/** Of a hundred, the same number for the same order. */
function lotOf(orderId: string): number {
  return createHash('sha256').update(orderId).digest().readUInt32BE(0) % 100;
}

const share = ({ config }: HandlerContext, name: string) => Number(config[name] ?? 0);

export default defineHandler<{ 'payment-commands': PaymentCommand }>({
  'payment-commands': {
    onCreate(event, context) {
      const file = serviceFile(context, layout);
      const { orderId, amountCents } = event.after;
      const [lot, refused, silent] = [lotOf(orderId), share(context, 'refused'), share(context, 'silent')];
      answerOnce(file, event, context, () => (typeOf(event) === 'PROCESS_PAYMENT' ? take() : refund()));

      function take(): Reply {
        if (lot < refused) return { topic: 'payment-failed', data: { reason: 'the card is refused' } };
        const first = file.prepare('insert into payments values (?, ?) on conflict do nothing').run(orderId, amountCents).changes === 1;
        // The payment is taken, but the answer is lost: the command comes again, and finds it.
        if (first && lot < refused + silent) return null;
        return { topic: 'payment-processed', data: { paymentId: `payment-${orderId}` } };
      }

      function refund(): Reply {
        file.prepare('delete from payments where order_id = ?').run(orderId);
        return { topic: 'payment-refunded' };
      }
    },
  },
});
