import { defineHandler } from 'sluice/handler';
import { answerOnce, type Command, type Reply, serviceFile, typeOf } from './service-file.ts';
import { stockAtFirst } from './stock.ts';

type InventoryCommand = Command & { readonly items: readonly { readonly sku: string; readonly quantity: number }[] };

const layout = `
  create table if not exists stock (sku text primary key, quantity integer not null check (quantity >= 0));
  create table if not exists reserved (order_id text not null, sku text not null, quantity integer not null, primary key (order_id, sku));`;

export default defineHandler<{ 'inventory-commands': InventoryCommand }>({
  'inventory-commands': {
    onCreate(event, context) {
      const file = serviceFile(context, layout);
      answerOnce(file, event, context, () => (typeOf(event) === 'RESERVE_INVENTORY' ? reserve() : release()));

      function reserve(): Reply {
        const { orderId, items } = event.after;
        if (file.prepare('select 1 from reserved where order_id = ?').get(orderId)) return { topic: 'inventory-reserved' };
        for (const { sku, quantity } of items) {
          file.prepare('insert into stock values (?, ?) on conflict do nothing').run(sku, stockAtFirst);
          const left = Number(file.prepare('select quantity from stock where sku = ?').get(sku)?.['quantity']);
          if (left < quantity) return { topic: 'inventory-rejected', data: { sku } };
        }
        for (const { sku, quantity } of items) {
          file.prepare('update stock set quantity = quantity - ? where sku = ?').run(quantity, sku);
          file.prepare('insert into reserved values (?, ?, ?)').run(orderId, sku, quantity);
        }
        return { topic: 'inventory-reserved' };
      }

      function release(): Reply {
        const { orderId } = event.after;
        for (const row of file.prepare('select sku, quantity from reserved where order_id = ?').all(orderId))
          file.prepare('update stock set quantity = quantity + ? where sku = ?').run(Number(row['quantity']), String(row['sku']));
        file.prepare('delete from reserved where order_id = ?').run(orderId);
        return { topic: 'inventory-released' };
      }
    },
  },
});
