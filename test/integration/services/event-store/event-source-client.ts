/** An event as a subscription of the event store sends it. */
export type Sent = {
  readonly id: string;
  /** As it came. */
  readonly text: string;
  readonly data: { readonly position: number; readonly type: string; readonly aggregateId: string };
};

/**
 * Reads server-sent events as a browser's EventSource does, up to the end of the connection. `comments`: hears of each comment.
 * @param lastEventId as the client that comes again sends it
 */
export async function* serverSentEvents(
  url: string,
  signal: AbortSignal,
  { lastEventId, comments = () => {} }: { readonly lastEventId?: string; readonly comments?: () => void } = {},
): AsyncGenerator<Sent> {
  const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
  const response = await fetch(url, { headers, signal });
  if (!response.ok || response.body === null) throw new Error(`${response.status} ${await response.text()}`);
  if (response.headers.get('content-type') !== 'text/event-stream') throw new Error(String(response.headers.get('content-type')));
  let text = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const blocks = text.split('\n\n');
    text = blocks.pop()!;
    for (const block of blocks) {
      const fields = block.split('\n').map(line => /^([a-z]*): ?(.*)$/.exec(line)!);
      if (fields.some(([, name]) => name === '')) comments();
      const of = (wanted: string) => fields.find(([, name]) => name === wanted)?.[2];
      const [id, data] = [of('id'), of('data')];
      if (id !== undefined && data !== undefined) yield { id, text: data, data: JSON.parse(data) as Sent['data'] };
    }
  }
}
