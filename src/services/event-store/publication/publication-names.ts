/** The connector that publishes the event store of a worker. The worker's file holds it, so REST can neither change nor delete it. */
export const publicationName = 'event-store-publication';
