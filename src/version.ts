/** The version of this build, as REST answers and `--version` give it. */
export const version = '0.1.0';

/** What `source.version` of every record says: the Debezium release whose records these are. */
export const debeziumVersion = '3.6.1.Final';
