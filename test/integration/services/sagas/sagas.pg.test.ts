import { embeddedLogUnderTest } from '../../embedded-log-under-test.ts';
import { sagaStatements } from './saga-statements.ts';
import { inPostgres } from './saga-store-under-test.ts';

sagaStatements('embedded (kept in PostgreSQL)', embeddedLogUnderTest, inPostgres);
