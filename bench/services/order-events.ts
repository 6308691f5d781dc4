/** Data of about 250 bytes as JSON: an order's line. */
export function orderLine(number: number): { readonly [name: string]: string | number | boolean } {
  return {
    orderId: `order-${number % 10_000}`,
    line: number,
    sku: `SKU-${number % 977}`,
    name: 'A thing of which there are many, in the colour that was asked for',
    quantity: 1 + (number % 5),
    price: 19.99 + (number % 100),
    gift: number % 7 === 0,
    note: 'The quick brown fox jumps over the lazy dog.',
  };
}
