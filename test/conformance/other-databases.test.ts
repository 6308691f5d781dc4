import { embedded, kafka, testCases } from './published-cases.ts';

for (const log of [embedded, kafka]) testCases(log, 'mysql', 'mongodb');
