/** The crash points of a sink's task, with the passing that is fatal. */
export const sinkCrashes = ['sink-written:4', 'sink-published:3', 'sink-committed:1'] as const;
