/** KAFKA_JVM_PERFORMANCE_OPTS of bin/kafka-run-class.sh; of the log only warnings. */
export const kafkaJavaOptions = [
  '-server',
  '-XX:+UseG1GC',
  '-XX:MaxGCPauseMillis=20',
  '-XX:InitiatingHeapOccupancyPercent=35',
  '-XX:+ExplicitGCInvokesConcurrent',
  '-Djava.awt.headless=true',
  '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
];

/** What bin/kafka-server-start.sh gives Java. */
export const brokerHeap = ['-Xmx1G', '-Xms1G'];

/** What bin/connect-distributed.sh gives Java where KAFKA_HEAP_OPTS says nothing. */
export const defaultHeap = ['-Xms256M', '-Xmx2G'];
