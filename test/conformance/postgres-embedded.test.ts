import { embedded, testCases } from './published-cases.ts';

testCases(embedded, 'postgres');
