import type pg from 'pg';
import { crashPoint, SluiceError } from '../../src/contract/index.ts';
import { type ConnectionSettings, connect, quoteIdentifier, quoteLiteral } from './connection.ts';
import { CopyChannel } from './copy-channel.ts';
import { databaseError, type ServerError } from './database-error.ts';
import { breakOffAfter, disconnect } from './disconnect.ts';
import { processIdOf, watchProcess } from './liveness.ts';
import { formatLsn, parseLsn } from './lsn.ts';

/** Who the server is: a restored or promoted server has another timeline, another server another system. */
export type SystemIdentity = { readonly systemId: string; readonly timeline: number };

/** A slot just made, and the snapshot that begins where it does; the snapshot lives until the connection's next statement. */
export type CreatedSlot = { readonly consistentPoint: bigint; readonly snapshotName: string };

/** How a slot is streamed from. */
export type StreamOptions = {
  readonly publication: string;
  readonly messages: boolean;
  readonly statusIntervalMs: number;
  /** Further parameters of the plugin, as START_REPLICATION takes them. */
  readonly extra: string;
  /** Asked, while the stream is silent, whether the walsender still lives. */
  readonly control: pg.Client;
  /** Hears of the server's warnings. What it throws ends the stream, behind what came before. */
  onNotice(notice: ServerError): void;
};

/** Called for each XLogData message: bytes[start, end) is one pgoutput message, `lsn` where it begins in the log. */
export type MessageHandler = (bytes: Buffer, start: number, end: number) => void;

const xLogDataTag = 0x77; // 'w'
const keepaliveTag = 0x6b; // 'k'
/** Tag, start and end of the WAL, and the server's clock (protocol page "Streaming Replication Protocol", XLogData). */
const xLogDataHeaderBytes = 25;
/** Microseconds between 1970 and Postgres' epoch. */
const postgresEpochMicros = 946_684_800_000_000n;

/** The walsender's connection: makes a slot, then streams from it. Disposing ends it. */
export class ReplicationConnection implements AsyncDisposable {
  readonly #client: pg.Client;
  readonly #slot: string;
  #channel: CopyChannel | null = null;
  #flushed = 0n;
  #processId = 0;
  #statusTimer: NodeJS.Timeout | null = null;
  #liveness: Disposable | null = null;
  /** What a warning ended the stream with: nothing behind it is read. */
  #refused: { readonly error: unknown } | null = null;
  /** What had been heard when the last status was sent. */
  #heardBefore = -1;
  /** Where the message begins that the handler is being given. */
  lsn = 0n;
  /** Everything before this position has been sent: the stream is that far even where no message said so. */
  sentLsn = 0n;

  private constructor(client: pg.Client, slot: string) {
    this.#client = client;
    this.#slot = slot;
  }

  static async open(settings: ConnectionSettings, slot: string, abort: AbortSignal): Promise<ReplicationConnection> {
    return new ReplicationConnection(await connect(settings, true, abort), slot);
  }

  /** Until the answer is disposed of: what waits for the server is broken off a moment after the abort. */
  breakOffAfter(abort: AbortSignal): Disposable {
    return breakOffAfter(abort, this.#client);
  }

  async identify(): Promise<SystemIdentity> {
    this.#processId = await processIdOf(this.#client);
    const { rows } = await this.#client.query('IDENTIFY_SYSTEM');
    return { systemId: String(rows[0].systemid), timeline: Number(rows[0].timeline) };
  }

  /** Creates the slot and exports the snapshot that begins at it. */
  async createSlot(options: { temporary: boolean; failover: boolean }): Promise<CreatedSlot> {
    const temporary = options.temporary ? ' TEMPORARY' : '';
    const extra = options.failover ? ` (SNAPSHOT 'export', FAILOVER)` : ' EXPORT_SNAPSHOT';
    try {
      const { rows } = await this.#client.query(
        `CREATE_REPLICATION_SLOT ${quoteIdentifier(this.#slot)}${temporary} LOGICAL pgoutput${extra}`,
      );
      return { consistentPoint: parseLsn(rows[0].consistent_point), snapshotName: rows[0].snapshot_name };
    } catch (error) {
      throw databaseError(error, `Cannot create the replication slot "${this.#slot}"`);
    }
  }

  /**
   * Starts streaming at `from` (the server goes on at the slot's confirmed position where that is later). The server hears every
   * `statusIntervalMs` how far it may free its log.
   */
  start(from: bigint, options: StreamOptions): void {
    const messages = options.messages ? `, "messages" 'true'` : '';
    const extra = options.extra === '' ? '' : `, ${options.extra}`;
    const statement =
      `START_REPLICATION SLOT ${quoteIdentifier(this.#slot)} LOGICAL ${formatLsn(from)} ` +
      `("proto_version" '1', "publication_names" ${quoteLiteral(quoteIdentifier(options.publication))}${messages}${extra})`;
    this.#flushed = from;
    this.#channel = new CopyChannel(this.#client, statement);
    this.#channel.onNotice = notice => {
      try {
        options.onNotice(notice);
      } catch (error) {
        this.#refused = { error };
      }
    };
    const watched = { client: this.#client, processId: this.#processId, listener: () => this.#channel };
    this.#liveness = watchProcess(watched, options.control);
    this.#statusTimer = setInterval(() => this.#sendStatus(), options.statusIntervalMs);
  }

  /** Waits for messages and hands them over, at most `messagesMax` at a time. Throws what ended the stream: it never ends well by itself. */
  async next(handle: MessageHandler, messagesMax: number): Promise<void> {
    const channel = this.#channel!;
    if (this.#refused) throw this.#refused.error;
    const open = await channel.next((bytes, start, end) => {
      if (this.#refused) return;
      const tag = bytes[start];
      if (tag === xLogDataTag) {
        this.lsn = bytes.readBigUInt64BE(start + 1);
        if (this.lsn > this.sentLsn) this.sentLsn = this.lsn;
        handle(bytes, start + xLogDataHeaderBytes, end);
      } else if (tag === keepaliveTag) {
        const sent = bytes.readBigUInt64BE(start + 1);
        if (sent > this.sentLsn) this.sentLsn = sent;
        if (bytes[start + 17] === 1) this.#sendStatus();
      } else throw new SluiceError('MALFORMED_MESSAGE', `The replication stream holds a message of an unknown kind (${tag}).`);
    }, messagesMax);
    if (!open) throw new SluiceError('DATABASE_UNAVAILABLE', 'The server ended the replication stream.');
  }

  /** Ends a waiting `next` early. */
  wake(): void {
    this.#channel?.wake();
  }

  /** The server may free its log before this position (invariant 2: only ever a durable one). Told at once. */
  flush(lsn: bigint): void {
    if (lsn <= this.#flushed) return;
    this.#flushed = lsn;
    crashPoint('position-unsent');
    this.#sendStatus();
    crashPoint('position-sent');
  }

  /**
   * Standby status update: written, flushed and applied positions, all the same. Where nothing was heard since the last one the server is
   * asked for an answer, so that only a dead connection is silent for long.
   */
  #sendStatus(): void {
    const heard = this.#channel?.heard ?? 0;
    const message = Buffer.alloc(34);
    message[0] = 0x72; // 'r'
    message.writeBigUInt64BE(this.#flushed, 1);
    message.writeBigUInt64BE(this.#flushed, 9);
    message.writeBigUInt64BE(this.#flushed, 17);
    message.writeBigInt64BE(BigInt(Date.now()) * 1000n - postgresEpochMicros, 25);
    message[33] = heard === this.#heardBefore ? 1 : 0;
    this.#heardBefore = heard;
    this.#channel?.sendCopyData(message);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#statusTimer) clearInterval(this.#statusTimer);
    this.#liveness?.[Symbol.dispose]();
    this.#channel?.abandon();
    this.#channel = null;
    await disconnect(this.#client);
  }
}
