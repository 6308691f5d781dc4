import { defineHandler } from 'sluice/handler';
import { answerOnce, type Command, serviceFile } from './service-file.ts';

const layout = 'create table if not exists confirmed (order_id text primary key)';

export default defineHandler<{ 'order-commands': Command }>({
  'order-commands': {
    onCreate(event, context) {
      const file = serviceFile(context, layout);
      answerOnce(file, event, context, () => {
        file.prepare('insert into confirmed values (?) on conflict do nothing').run(event.after.orderId);
        return { topic: 'order-confirmed' };
      });
    },
  },
});
