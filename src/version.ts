import packageJson from '../package.json' with { type: 'json' };

/** What package.json says; `gitHead` stands in the one of a build (src/build.ts). */
const { version, gitHead = 'unknown' }: { version: string; gitHead?: string } = packageJson;

/** The version of this build, as REST answers and `--version` give it. */
export { version };

/** The commit this build was made from; `unknown` where the sources run as they are. */
export const commit = gitHead;

/** What `source.version` of every record says: consumers that look at it expect a release of Debezium's, the one whose records these are. */
export const debeziumVersion = '3.6.1.Final';
