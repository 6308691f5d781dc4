import { defineSaga } from '../../../../src/services/sagas/api.ts';

type Order = { readonly orderId: string };

/** config/examples/order-saga/sagas/order-processing.yaml in TypeScript. */
export const orderProcessing = defineSaga<{
  'order-created': Order & { readonly items: readonly { readonly sku: string; readonly quantity: number }[]; readonly amountCents: number };
  'inventory-reserved': Order;
  'inventory-rejected': Order & { readonly sku: string };
  'inventory-released': Order;
  'payment-processed': Order & { readonly paymentId: string };
  'payment-failed': Order & { readonly reason: string };
  'payment-refunded': Order;
  'order-confirmed': Order;
}>({
  name: 'order-processing',
  start: 'order-created',
  correlation: 'orderId',
  pivot: 'PROCESS_PAYMENT',
  deadline: '2m',
  steps: [
    {
      name: 'RESERVE_INVENTORY',
      topic: 'inventory-commands',
      payload: ({ event }) => ({ orderId: event('order-created').orderId, items: event('order-created').items }),
      success: 'inventory-reserved',
      failure: 'inventory-rejected',
      timeout: '5s',
      compensation: {
        command: 'RELEASE_INVENTORY',
        payload: ({ event }) => ({ orderId: event('order-created').orderId }),
        success: 'inventory-released',
        timeout: '5s',
      },
    },
    {
      name: 'PROCESS_PAYMENT',
      topic: 'payment-commands',
      payload: ({ event }) => ({ orderId: event('order-created').orderId, amountCents: event('order-created').amountCents }),
      success: 'payment-processed',
      failure: 'payment-failed',
      timeout: '5s',
      compensation: {
        command: 'REFUND_PAYMENT',
        payload: ({ event, optional }) => ({
          orderId: event('order-created').orderId,
          paymentId: optional(event('payment-processed').paymentId),
        }),
        success: 'payment-refunded',
        timeout: '5s',
      },
    },
    {
      name: 'CONFIRM_ORDER',
      topic: 'order-commands',
      payload: ({ event }) => ({ orderId: event('order-created').orderId }),
      success: 'order-confirmed',
      timeout: '5s',
    },
  ],
});
