import type { MongoClient } from 'mongodb';
import { crashPoint, type Logger } from '../../src/contract/index.ts';
import { changeStreamCommand, streamTarget } from './change-stream-command.ts';
import { databaseError, resumeError } from './database-error.ts';
import type { StreamPosition } from './position.ts';
import { type RawBatch, RawCursor } from './raw-cursor.ts';
import type { MongoSettings } from './settings.ts';
import type { StreamReach } from './stream-reach.ts';

/** An answer of the server. `ended`: what the stream watched was dropped or renamed. */
export type StreamAnswer = RawBatch & { readonly ended: boolean };

export type ChangeStreamReaderParts = {
  readonly client: MongoClient;
  readonly settings: MongoSettings;
  readonly reach: StreamReach;
  /** How long the server may wait for a change, in milliseconds. */
  awaitMs(): number;
  readonly logger: Logger;
};

type Asked = {
  readonly question: number;
  /** The answer came with the opening: that it holds no event does not tell that there is none. */
  readonly opening: boolean;
  readonly answer: Promise<RawBatch>;
};

/** Asks a change stream again and again, each time while the answer before is worked on: one at most waits. */
export class ChangeStreamReader implements AsyncDisposable {
  readonly #parts: ChangeStreamReaderParts;
  readonly #abort: AbortSignal;
  #cursor: RawCursor | null = null;
  #asked: Asked | null = null;
  #woken = Promise.withResolvers<null>();

  constructor(parts: ChangeStreamReaderParts, abort: AbortSignal) {
    this.#parts = parts;
    this.#abort = abort;
  }

  /** Ends the waiting of `next`, or of its next call. */
  wake(): void {
    this.#woken.resolve(null);
  }

  /** The next answer; null: woken, or aborted. `position`: where the stream is opened when it has to be. */
  async next(position: StreamPosition): Promise<StreamAnswer | null> {
    try {
      const cursor = await this.#opened(position);
      this.#asked ??= this.#ask(cursor, true);
      const { question, opening, answer: awaited } = this.#asked;
      const answer = await Promise.race([awaited, this.#woken.promise]);
      if (answer === null) {
        this.#woken = Promise.withResolvers();
        return null;
      }
      this.#parts.reach.answered(question, answer.resumeToken, !opening && answer.documents.length === 0);
      const ended = cursor.exhausted;
      this.#asked = ended ? null : this.#ask(cursor, false);
      if (ended) await this.#end();
      return { ...answer, ended };
    } catch (error) {
      if (this.#abort.aborted) return null;
      throw databaseError(error, 'Reading the change stream');
    }
  }

  async #opened(position: StreamPosition): Promise<RawCursor> {
    if (this.#cursor !== null) return this.#cursor;
    const { client, settings } = this.#parts;
    const command = changeStreamCommand(settings.capture, position, settings.stream.batchSize);
    this.#cursor = await RawCursor.open(client, streamTarget(settings.capture).database, command, this.#abort).catch(error => {
      throw resumeError(error, 'Opening the change stream');
    });
    crashPoint('stream-started');
    return this.#cursor;
  }

  #ask(cursor: RawCursor, opening: boolean): Asked {
    const { settings, reach, awaitMs } = this.#parts;
    const asked = { question: reach.ask(), opening, answer: cursor.next(settings.stream.batchSize, awaitMs()) };
    // One that fails while its forerunner is worked on is found when it is waited for.
    asked.answer.catch(() => {});
    return asked;
  }

  async #end(): Promise<void> {
    const { settings, logger } = this.#parts;
    const { capture, stream } = settings;
    await this.#cursor?.[Symbol.asyncDispose]();
    this.#cursor = null;
    logger.info({ scope: capture.scope.kind, batchSize: stream.batchSize }, reopening);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cursor?.[Symbol.asyncDispose]();
  }
}

const reopening = 'What the change stream watched was dropped or renamed; it is opened again behind that';
