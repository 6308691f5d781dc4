import type { Results } from '../results.ts';
import type { DatabaseName } from '../workload/bench-database.ts';
import { mongodbArguments } from '../workload/mongodb.ts';
import { mysqlSettings } from '../workload/mysql.ts';
import { postgresSettings } from '../workload/postgres.ts';

/** What a report says of a database. */
type About = {
  readonly title: string;
  /** How the server is set up. */
  readonly settings: string;
  /** How the backlog waits, behind the word `wait`. */
  readonly backlog: string;
  /** What a reader must know before the figures. */
  readonly remarks: string;
  /** The commands of the subjects that show how far anybody could come, as lines of a list. */
  limits(results: Pick<Results, 'settings'>): string;
};

const listed = (settings: Readonly<Record<string, string>>) =>
  Object.entries(settings)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');

export const abouts: Readonly<Record<DatabaseName, About>> = {
  postgres: {
    title: 'PostgreSQL',
    settings: `${listed(postgresSettings)}; autovacuum off for the tables`,
    backlog: ' in a slot; every run reads a copy of that slot, the very same log.',
    remarks: '',
    limits: ({
      settings,
    }) => `- The limits: \`pg_recvlogical --slot SLOT --start --no-loop --endpos LSN --file /dev/null --dbname bench -o proto_version=1 -o publication_names=orders_stream\`
  (PostgreSQL 15's), \`psql --command 'copy orders to stdout' > /dev/null\`,
  \`kafka-producer-perf-test.sh --topic bench-producer --num-records ${settings['producerRecords']} --record-size 900 --throughput -1 --producer-props bootstrap.servers=... acks=all enable.idempotence=true batch.size=1048576 linger.ms=5\`
`,
  },
  mysql: {
    title: 'MySQL',
    settings: `${listed(mysqlSettings)}, with GTIDs`,
    backlog:
      ' in the binlog; every run begins at the same place in it, an offset stored for its connector, with snapshot.mode=recovery. With a full row image each of them holds its row before and after, and so does its record.',
    remarks: '',
    limits: () => '',
  },
  mongodb: {
    title: 'SecantusDB',
    settings: `\`secantusd-py ${mongodbArguments.join(' ')}\``,
    backlog:
      ' in the oplog, a hundred documents a command; every run begins behind the same resume token, an offset stored for its connector.',
    remarks:
      '**SecantusDB, a stand-in of the same protocol, takes MongoDB’s place: what it can give is slower than what a reader can take, so these figures bound both subjects alike. The processor time of a change is what compares them.**\n\n',
    limits: () => '',
  },
};
