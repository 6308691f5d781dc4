import { kafka, testCases } from './published-cases.ts';

testCases(kafka, 'postgres');
