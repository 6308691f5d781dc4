import { parsePlacedDocument } from '../../../../src/config/placed-document.ts';
import type { JsonValue } from '../../../../src/contract/index.ts';
import { parseSaga, pinDefinition } from '../../../../src/services/sagas/definition.ts';
import type { PinnedDefinition, SagaDefinition } from '../../../../src/services/sagas/saga.ts';

/** How the order saga of a test differs from the seed's. */
export type OrderSagaSettings = {
  /** Before the names of topics and of the saga: tests share a broker. */
  readonly prefix: string;
  readonly timeout?: string;
  /** Of PROCESS_PAYMENT alone. */
  readonly paymentTimeout?: string;
  readonly attempts?: number;
  readonly deadline?: string;
  readonly pivot?: string | null;
};

/** The seed's order saga: RESERVE_INVENTORY, PROCESS_PAYMENT, CONFIRM_ORDER; a payment that fails releases the inventory. */
export function orderSaga(settings: OrderSagaSettings): SagaDefinition {
  return parseSaga(parsePlacedDocument('order.yaml', JSON.stringify(orderSagaDocument(settings))), 'order.yaml');
}

/** The same as its file has it. */
export function orderSagaDocument({
  prefix,
  timeout = '30s',
  paymentTimeout = timeout,
  attempts = 3,
  deadline = '10m',
  pivot = null,
}: OrderSagaSettings): JsonValue {
  const topic = (name: string) => `${prefix}-${name}`;
  const retry = { attempts, delay: '50ms' };
  const common = { timeout, retry, payload: { orderId: '$.start.orderId', amount: '$.start.amount' } };
  return {
    name: `${prefix}-order`,
    start: topic('order-created'),
    correlation: 'orderId',
    deadline,
    ...(pivot !== null && { pivot }),
    steps: [
      {
        name: 'RESERVE_INVENTORY',
        topic: topic('inventory-commands'),
        success: topic('inventory-reserved'),
        failure: topic('inventory-rejected'),
        ...common,
        compensation: {
          command: 'RELEASE_INVENTORY',
          topic: topic('inventory-commands'),
          success: topic('inventory-released'),
          ...common,
        },
      },
      {
        name: 'PROCESS_PAYMENT',
        topic: topic('payment-commands'),
        success: topic('payment-processed'),
        failure: topic('payment-failed'),
        ...common,
        timeout: paymentTimeout,
        compensation: { command: 'REFUND_PAYMENT', topic: topic('payment-commands'), success: topic('payment-refunded'), ...common },
      },
      {
        name: 'CONFIRM_ORDER',
        topic: topic('order-commands'),
        success: topic('order-confirmed'),
        ...common,
        compensation: { command: 'CANCEL_ORDER', topic: topic('order-commands'), success: topic('order-cancelled'), ...common },
      },
    ],
  };
}

export function pinnedOrderSaga(settings: OrderSagaSettings): PinnedDefinition {
  return pinDefinition(orderSaga(settings));
}
