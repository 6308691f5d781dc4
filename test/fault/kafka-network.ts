import { setTimeout as pause } from 'node:timers/promises';
import type { KafkaBehindToxiproxy } from '../services/kafka-behind-toxiproxy.ts';
import type { KafkaPipeline } from './kafka-pipeline.ts';

/** Ten times what a request may take here, so that a slow machine is no fault; short enough to be outlived. */
export const requestTimeoutMs = 2_000;

type Place = { readonly kafka: KafkaBehindToxiproxy; readonly pipeline: KafkaPipeline; readonly random: (below: number) => number };

/** Something that goes wrong between the daemon and its broker, seen by the pipeline in the way it should be, and mended. */
export type NetworkFault = { readonly name: string; strike(place: Place): Promise<void> };

const timedOut = /timed? ?out/i;
const notConnected = /ECONN|closed|connect/i;

async function slowed(pipeline: KafkaPipeline): Promise<void> {
  const before = await pipeline.records();
  await pipeline.has(before + 200);
}

export const networkFaults: readonly NetworkFault[] = [
  {
    name: 'the broker hangs for longer than a request may take',
    async strike({ kafka, pipeline }) {
      const faultMs = Date.now();
      kafka.server.freeze();
      try {
        await pipeline.retries(timedOut, faultMs);
      } finally {
        kafka.server.thaw();
      }
    },
  },
  {
    name: 'connections break in the middle of a request',
    async strike({ kafka, random }) {
      await kafka.network.add({ type: 'limit_data', attributes: { bytes: 500 + random(60_000) } }, 'upstream');
      await pause(500 + random(1500));
      await kafka.network.remove('limit_data', 'upstream');
    },
  },
  {
    name: 'the network swallows everything',
    async strike({ kafka, pipeline }) {
      const faultMs = Date.now();
      for (const direction of ['upstream', 'downstream'] as const)
        await kafka.network.add({ type: 'timeout', attributes: { timeout: 0 } }, direction);
      await pipeline.retries(timedOut, faultMs);
      for (const direction of ['upstream', 'downstream'] as const) await kafka.network.remove('timeout', direction);
    },
  },
  {
    name: 'connections break in the middle of an answer',
    async strike({ kafka, random }) {
      await kafka.network.add({ type: 'limit_data', attributes: { bytes: 100 + random(3000) } }, 'downstream');
      await pause(500 + random(1500));
      await kafka.network.remove('limit_data', 'downstream');
    },
  },
  {
    name: 'connections are cut and refused',
    async strike({ kafka, pipeline }) {
      const faultMs = Date.now();
      await kafka.network.disable();
      await pipeline.retries(notConnected, faultMs);
      await kafka.network.enable();
    },
  },
  {
    name: 'connections are reset',
    async strike({ kafka, random }) {
      await kafka.network.add({ type: 'reset_peer', attributes: { timeout: random(300) } }, 'upstream');
      await pause(500 + random(1500));
      await kafka.network.remove('reset_peer', 'upstream');
    },
  },
  {
    name: 'the broker hangs for a moment',
    async strike({ kafka, random }) {
      kafka.server.freeze();
      await pause(random(requestTimeoutMs / 2));
      kafka.server.thaw();
    },
  },
  {
    name: 'every piece is late',
    async strike({ kafka, pipeline }) {
      for (const direction of ['upstream', 'downstream'] as const)
        await kafka.network.add({ type: 'latency', attributes: { latency: 150, jitter: 100 } }, direction);
      await slowed(pipeline);
      for (const direction of ['upstream', 'downstream'] as const) await kafka.network.remove('latency', direction);
    },
  },
  {
    name: 'the network is narrow',
    async strike({ kafka, pipeline }) {
      await kafka.network.add({ type: 'bandwidth', attributes: { rate: 1000 } }, 'upstream');
      await slowed(pipeline);
      await kafka.network.remove('bandwidth', 'upstream');
    },
  },
  {
    name: 'everything comes in small pieces',
    async strike({ kafka, pipeline }) {
      for (const direction of ['upstream', 'downstream'] as const)
        await kafka.network.add({ type: 'slicer', attributes: { average_size: 500, size_variation: 400, delay: 0 } }, direction);
      await slowed(pipeline);
      for (const direction of ['upstream', 'downstream'] as const) await kafka.network.remove('slicer', direction);
    },
  },
];
